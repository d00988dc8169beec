import { hash } from 'node:crypto'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { backdateMs } from '../pki/profiles.ts'
import {
  type IssuedServerCertificate,
  issueServerCertificate,
  type ServerCertificateSpec,
  type ServerIssuers,
} from '../pki/server-certificate.ts'
import { messageOf } from '../policy/error.ts'
import { familyOf } from '../policy/key-types.ts'
import { renewalTime, retryDelay } from '../policy/renewal.ts'
import type { ServerMaterial, TlsMaterial } from './tls-material.ts'

/** The clock may be set while a timer runs, or the machine sleep: it is looked at so often. Milliseconds. */
const maxPauseMs = 60_000

export interface IssuedCertificatesDeps {
  readonly log: Pick<Logger, 'info' | 'error'>
  readonly metrics: Pick<Metrics, 'serverCertificatesIssued'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
  /** Runs `task` once, after so many milliseconds; the result calls it off. */
  readonly schedule: (ms: number, task: () => void) => () => void
  /** There are new ones: whoever shows them takes them over (`current`). */
  readonly renewed: () => void
  readonly issue?: typeof issueServerCertificate
}

interface Entry {
  readonly spec: ServerCertificateSpec
  readonly issuers: ServerIssuers
  present: IssuedServerCertificate
  dueAt: number
  /** In a row. */
  failures: number
  problem: string | null
}

/**
 * The server certificates that the proxy issues to itself (A00.FR.701): made when a listener asks for
 * them, renewed before two thirds of their life, and the last good one kept for as long as that fails.
 * They are in memory and nowhere else; a restart makes new ones. At most a few per listener.
 */
export class IssuedCertificates {
  readonly #deps: IssuedCertificatesDeps
  readonly #entries = new Map<string, Entry>()
  readonly #making = new Map<string, Promise<Entry>>()
  #cancel: (() => void) | null = null
  #isRenewing = false
  #isClosed = false

  constructor(deps: IssuedCertificatesDeps) {
    this.#deps = deps
  }

  /** What is there goes on; what is new is made. Throws what `issueServerCertificate` throws. */
  async obtain(spec: ServerCertificateSpec, issuers: ServerIssuers): Promise<ServerMaterial> {
    const id = idOf(spec, issuers)
    const known = this.#entries.get(id)
    if (known !== undefined && known.present.to > this.#deps.now()) return materialOf(id, known)
    const making = this.#making.get(id) ?? this.#make(id, spec, issuers)
    return materialOf(id, await making)
  }

  #make(id: string, spec: ServerCertificateSpec, issuers: ServerIssuers): Promise<Entry> {
    const making = this.#issue(spec, issuers)
      .then((present) => {
        const entry = { spec, issuers, present, dueAt: this.#dueAt(present), failures: 0, problem: null }
        this.#entries.set(id, entry)
        this.#arm()
        return entry
      })
      .finally(() => this.#making.delete(id))
    this.#making.set(id, making)
    return making
  }

  /** The same material with the present certificates; the very same object when nothing is newer. */
  current(material: TlsMaterial): TlsMaterial {
    const certificates = material.certificates.map((one) => {
      const entry = one.issuedAs === undefined ? undefined : this.#entries.get(one.issuedAs)
      if (entry === undefined || entry.present.certificate === one.certificate) return one
      return materialOf(one.issuedAs ?? '', entry)
    })
    const isSame = certificates.every((one, index) => one === material.certificates[index])
    return isSame ? material : { ...material, certificates }
  }

  /** Forgets those that none of these holds. */
  keep(materials: readonly TlsMaterial[]): void {
    const used = new Set(materials.flatMap(({ certificates }) => certificates.map((one) => one.issuedAs)))
    for (const id of this.#entries.keys()) if (!used.has(id)) this.#entries.delete(id)
    this.#arm()
  }

  /** What operators should know: certificates that could not be renewed so far. */
  notes(): readonly string[] {
    return [...this.#entries.values()].flatMap(({ spec, present, problem }) => {
      if (problem === null) return []
      const ends = present.to > this.#deps.now() ? 'ends' : 'ended'
      return [
        `the server certificate ${nameOf(spec)} cannot be renewed: ${problem}; the last one ${ends} at ${new Date(present.to).toISOString()}`,
      ]
    })
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  #dueAt({ from, to }: IssuedServerCertificate): number {
    return renewalTime({ from, to }, this.#deps.random())
  }

  #arm(): void {
    this.#cancel?.()
    this.#cancel = null
    if (this.#isClosed || this.#isRenewing || this.#entries.size === 0) return
    const next = Math.min(...[...this.#entries.values()].map(({ dueAt }) => dueAt))
    const pause = Math.min(maxPauseMs, Math.max(0, next - this.#deps.now()))
    this.#cancel = this.#deps.schedule(pause, () => void this.#renewDue())
  }

  /** One after the other: making RSA keys takes a core for a second. */
  async #renewDue(): Promise<void> {
    this.#isRenewing = true
    let isNew = false
    for (const [id, entry] of this.#entries) {
      if (!this.#isClosed && this.#isDue(entry)) isNew = (await this.#renew(id, entry)) || isNew
    }
    this.#isRenewing = false
    if (isNew && !this.#isClosed) this.#deps.renewed()
    this.#arm()
  }

  /** A clock that was set back leaves certificates that are not valid yet. */
  #isDue({ dueAt, present }: Entry): boolean {
    const now = this.#deps.now()
    return now >= dueAt || now < present.from - backdateMs
  }

  async #renew(id: string, entry: Entry): Promise<boolean> {
    const { log, now, random } = this.#deps
    try {
      const present = await this.#issue(entry.spec, entry.issuers)
      // A reload may have dropped it meanwhile.
      if (this.#entries.get(id) !== entry) return false
      Object.assign(entry, { present, dueAt: this.#dueAt(present), failures: 0, problem: null })
      return true
    } catch (error) {
      entry.problem = messageOf(error)
      entry.failures += 1
      entry.dueAt = now() + retryDelay(entry.failures, entry.present.to - entry.present.from, random())
      const line = {
        certificate: nameOf(entry.spec),
        problem: entry.problem,
        endsAt: new Date(entry.present.to),
      }
      log.error(line, 'a server certificate cannot be renewed; the last one stays')
      return false
    }
  }

  async #issue(spec: ServerCertificateSpec, issuers: ServerIssuers): Promise<IssuedServerCertificate> {
    const { log, metrics, now, issue = issueServerCertificate } = this.#deps
    try {
      const issued = await issue(issuers, spec, now())
      metrics.serverCertificatesIssued.inc({ result: 'success' })
      const { serialNumber, fingerprint256 } = issued.x509
      log.info(
        { certificate: nameOf(spec), serialNumber, fingerprint: fingerprint256, endsAt: new Date(issued.to) },
        'server certificate issued',
      )
      return issued
    } catch (error) {
      metrics.serverCertificatesIssued.inc({ result: 'failure' })
      throw error
    }
  }
}

/** The same wish to the same issuer is the same certificate, whichever listener has it. */
function idOf({ names, organization, lifetimeMs, keyType }: ServerCertificateSpec, issuers: ServerIssuers) {
  const { issuer, rsaPadding } = issuers[familyOf(keyType)]
  const above = [issuer.certificate, ...issuer.chain].map((one) => one.fingerprint256)
  return hash('sha256', JSON.stringify([names, organization, lifetimeMs, keyType, rsaPadding, above]))
}

function nameOf({ names, keyType }: ServerCertificateSpec): string {
  return `${names[0] ?? ''} (${keyType})`
}

function materialOf(issuedAs: string, { present }: Entry): ServerMaterial {
  return { certificate: present.certificate, key: present.key, issuedAs }
}
