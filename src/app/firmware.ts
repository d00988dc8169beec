import type { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config, FirmwareConfig } from '../config/schema.ts'
import { ListenerRevocation } from '../gate/revocation/listener-revocation.ts'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { certificateFacts, parseCertificate, splitPem } from '../pki/certificate.ts'
import type { CertificatePath } from '../pki/chain.ts'
import { createAddressRule, createHostRule } from '../pki/revocation/addresses.ts'
import { createFetch } from '../pki/revocation/fetch.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { Store } from '../store/store.ts'
import type { FetchImage } from '../usecases/signed-firmware/image.ts'
import { createFirmwareVerifier, type FirmwareVerifier } from '../usecases/signed-firmware/verifier.ts'
import { readCrlFile } from './crl-file.ts'

export interface FirmwareDeps {
  readonly store: Store
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'revocationChecks'>
  /** As the last reload left it. */
  readonly config: () => Config
}

/** The files of the section `firmware`, read. */
interface Prepared {
  readonly trust: readonly X509Certificate[]
  readonly ca: readonly string[] | null
}

/** How often a file server may send elsewhere. */
const maxRedirects = 3
/** Signing certificates whose revocation is remembered at once. */
const maxAsked = 1000

/** Wires what proves an image before it is handed on (A00.FR.706): roots, revocation, the fetching. */
export class Firmware {
  readonly verifier: FirmwareVerifier
  readonly #deps: FirmwareDeps
  readonly #revocation: ListenerRevocation
  #prepared: Prepared = { trust: [], ca: null }
  #next: Prepared | null = null

  constructor(deps: FirmwareDeps) {
    this.#deps = deps
    const { store, log, metrics, config } = deps
    this.#revocation = new ListenerRevocation('firmware', {
      denied: store.denied,
      answers: store.ocspAnswers,
      metrics,
      log,
      factsOf: certificateFacts,
      readFile: readCrlFile,
      now: Date.now,
      startTimer,
      // Asked anew for every update: nothing is kept that a change would have to end.
      crlChanged: () => {},
      revoked: () => {},
      withoutProof: (_name, missing) =>
        log.warn({ missing }, 'a signing certificate was taken without a proof that it is not revoked'),
    })
    this.verifier = createFirmwareVerifier({
      firmware: store.firmware,
      trust: () => this.#prepared.trust,
      revoked: (path) => this.#revoked(path),
      verifyImage: () => config().firmware.verifyImage,
      fetchImage: (url, sink) => this.#fetch(url, sink),
      log,
      now: Date.now,
    })
  }

  /** Reads the files; throws ProxyError `firmware_files`. Nothing of them is in use before `use`. */
  prepare({ firmware: { trust, ca } }: Config): void {
    this.#next = { trust: trust.flatMap(readCertificates), ca: ca === undefined ? null : readPem(ca) }
  }

  /** Takes what was prepared last, and reads the CRLs of the present configuration. Never rejected. */
  async use(): Promise<void> {
    this.#prepared = this.#next ?? this.#prepared
    await this.#revocation.use(this.#deps.config().firmware.revocation, maxAsked)
  }

  close(): void {
    this.#revocation.close()
  }

  async #revoked(path: CertificatePath): Promise<string | null> {
    const { revocation } = this.#deps.config().firmware
    const findings = await this.#revocation.judge(path, revocation, () => 'enforce')
    return findings.find(({ mode }) => mode === 'enforce')?.detail ?? null
  }

  #fetch(url: string, sink: (chunk: Buffer) => void): ReturnType<FetchImage> {
    const fetch = createFetch(fetchOptionsOf(url, this.#deps.config().firmware, this.#prepared.ca))
    return fetch({ method: 'GET', url, sink })
  }
}

/** The operator has named the host of the location himself; whoever redirects must be on the list (CWE-918). */
function fetchOptionsOf(url: string, config: FirmwareConfig, ca: readonly string[] | null) {
  const host =
    URL.parse(url)
      ?.hostname.toLowerCase()
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '') ?? ''
  return {
    allowsHost: createHostRule([...config.hosts, host]),
    allowsAddress: createAddressRule(config.networks),
    timeoutMs: config.fetchTimeout,
    maxBytes: config.maxImageBytes,
    maxRedirects,
    ...(ca === null ? {} : { ca }),
  }
}

function readPem(path: string): readonly string[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw unreadable(path, messageOf(error))
  }
  const blocks = splitPem(text)
  if (blocks.length === 0) throw unreadable(path, 'it holds no PEM certificate')
  return blocks
}

function readCertificates(path: string): readonly X509Certificate[] {
  return readPem(path).map((block) => {
    try {
      return parseCertificate(block)
    } catch (error) {
      throw unreadable(path, messageOf(error))
    }
  })
}

function unreadable(path: string, problem: string): ProxyError {
  return new ProxyError('firmware_files', 'operator', `firmware: ${path}: ${problem}`)
}

function startTimer(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
