import { type CrlRefresh, defaultCrlRefresh, startCrlRefresh } from '../../pki/revocation/crl-refresh.ts'
import {
  type CrlLoadProblem,
  type CrlSet,
  type CrlState,
  createCrlSet,
} from '../../pki/revocation/crl-set.ts'
import { createFetch } from '../../pki/revocation/fetch.ts'
import { messageOf } from '../../policy/error.ts'
import { crlFetchOptionsOf, isUrl, type RevocationSources } from './settings.ts'

export interface CrlSourcesDeps {
  /** Reads a whole file of at most so many bytes; rejects with what is wrong with it. */
  readonly readFile: (path: string, maxBytes: number) => Promise<Buffer>
  readonly now: () => number
  readonly startTimer: (ms: number, callback: () => void) => () => void
  /** What this CRL says is not what it said. */
  readonly changed: (state: CrlState) => void
  readonly failed: (name: string, problem: CrlLoadProblem) => void
}

/** How far the clock of an authority may be ahead of ours. */
const skewMs = 5 * 60_000
/** Whoever waits for the first CRLs does not wait longer; they come in later then. */
const patienceMs = 5_000

/** The CRLs of a listener: files as of the last reload, and URLs that are kept current. */
export class CrlSources {
  readonly set: CrlSet
  readonly #deps: CrlSourcesDeps
  readonly #digests = new Map<string, string>()
  #config: RevocationSources | null = null
  #refresh: CrlRefresh | null = null

  constructor(deps: CrlSourcesDeps) {
    this.#deps = deps
    const maxBytes = () => this.#config?.crlBytes ?? 0
    this.set = createCrlSet({
      now: deps.now,
      skewMs,
      get maxBytes() {
        return maxBytes()
      },
    })
  }

  /**
   * Takes these sources, and reads all of them once more. A file that cannot be read or is no CRL keeps
   * what there was before; without it nobody below its issuer is vouched for. Fulfilled when all have been
   * tried, or after a few seconds; never rejected.
   */
  async use(config: RevocationSources): Promise<void> {
    this.#config = config
    this.#refresh?.close()
    const known = new Set(this.set.states().map(({ name }) => name))
    for (const name of known) if (!config.crl.includes(name)) this.#remove(name)
    // Closed until it is there.
    for (const name of config.crl) if (!known.has(name)) this.set.fail(name, 'it has not been read yet')
    const urls = config.crl.filter(isUrl)
    await Promise.all(config.crl.filter((name) => !isUrl(name)).map((name) => this.#read(name, config)))
    if (urls.length > 0) await this.#fetch(urls, config)
  }

  close(): void {
    this.#refresh?.close()
    this.#refresh = null
  }

  async #read(name: string, { crlBytes }: RevocationSources): Promise<void> {
    try {
      this.#loaded(name, this.set.load(name, await this.#deps.readFile(name, crlBytes)))
    } catch (error) {
      this.set.fail(name, messageOf(error))
      this.#loaded(name, { code: 'fetch', detail: messageOf(error) })
    }
  }

  #fetch(urls: readonly string[], config: RevocationSources): Promise<void> {
    const { now, startTimer } = this.#deps
    return new Promise((resolve) => {
      const waiting = new Set(urls)
      const callOff = startTimer(patienceMs, resolve)
      const onLoad = (url: string, problem: CrlLoadProblem | null) => {
        this.#loaded(url, problem)
        waiting.delete(url)
        if (waiting.size > 0) return
        callOff()
        resolve()
      }
      const fetch = createFetch(crlFetchOptionsOf(config))
      this.#refresh = startCrlRefresh(
        { ...defaultCrlRefresh, urls },
        { fetch, crls: this.set, now, startTimer, onLoad },
      )
    })
  }

  #loaded(name: string, problem: CrlLoadProblem | null): void {
    if (problem !== null) {
      this.#deps.failed(name, problem)
      return
    }
    const state = this.set.states().find((one) => one.name === name)
    if (state === undefined || state.digest === null || state.digest === this.#digests.get(name)) return
    this.#digests.set(name, state.digest)
    this.#deps.changed(state)
  }

  #remove(name: string): void {
    this.set.remove(name)
    this.#digests.delete(name)
  }
}
