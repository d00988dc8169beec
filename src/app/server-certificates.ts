import type { Config } from '../config/schema.ts'
import { IssuedCertificates, type IssuedCertificatesDeps } from '../gate/issued-certificates.ts'
import type { Listener } from '../gate/listener.ts'
import { createTlsContexts } from '../gate/tls-contexts.ts'
import type { IssueCertificates } from '../gate/tls-material.ts'
import type { ServerIssuer, ServerIssuers } from '../pki/server-certificate.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { LocalIssuer } from './authorities.ts'

export interface ServerCertificatesDeps {
  readonly log: IssuedCertificatesDeps['log']
  readonly metrics: IssuedCertificatesDeps['metrics']
  readonly listeners: () => Iterable<Listener>
  /** Listeners show other certificates than before. */
  readonly changed: () => void
}

/** The certificates that the proxy issues to itself, from the authority to the listeners (A00.FR.701). */
export class ServerCertificates {
  readonly #deps: ServerCertificatesDeps
  readonly #issued: IssuedCertificates

  constructor(deps: ServerCertificatesDeps) {
    this.#deps = deps
    this.#issued = new IssuedCertificates({
      log: deps.log,
      metrics: deps.metrics,
      now: Date.now,
      random: Math.random,
      schedule: (ms, task) => {
        const timer = setTimeout(task, ms).unref()
        return () => clearTimeout(timer)
      },
      renewed: () => this.settle(),
    })
  }

  /** Has the wishes of this configuration issued by these issuers. */
  issueFor({ cpo }: Config, local: readonly LocalIssuer[]): IssueCertificates {
    return ({ names, lifetime, keyTypes }) => {
      const issuers = serverIssuers(local)
      const organization = cpo.names[0] ?? ''
      return Promise.all(
        keyTypes.map((keyType) =>
          this.#issued.obtain({ names, organization, lifetimeMs: lifetime, keyType }, issuers),
        ),
      )
    }
  }

  /**
   * Listeners take over what was issued since their contexts were made, each with contexts made anew and
   * whole; sessions go on. What no listener shows any more is forgotten. Also after a reload, whether it
   * succeeded or not. A listener that waits for a restart shows what it showed, and has it renewed.
   */
  settle(): void {
    const { log, listeners, changed } = this.#deps
    for (const listener of listeners()) {
      const { policy } = listener
      const { contexts } = policy
      const { tls } = policy.listener
      if (contexts === null || tls === undefined) continue
      const material = this.#issued.current(contexts.material)
      if (material === contexts.material) continue
      try {
        listener.setPolicy({ ...policy, contexts: createTlsContexts(policy.listener, tls, material) })
      } catch (error) {
        log.error(
          { listener: listener.name, err: messageOf(error) },
          'a new server certificate cannot be used',
        )
      }
    }
    this.#issued.keep([...listeners()].flatMap(({ policy }) => policy.contexts?.material ?? []))
    changed()
  }

  notes(): readonly string[] {
    return this.#issued.notes()
  }

  close(): void {
    this.#issued.close()
  }
}

/** An issuer for each kind of key; where there is one only, it signs both. Throws ProxyError `issuing_failed`. */
export function serverIssuers(local: readonly LocalIssuer[]): ServerIssuers {
  const of = (family: 'rsa' | 'ec'): ServerIssuer | null => {
    const found =
      local.find(({ name }) => name === family) ?? local.find(({ name }) => name === 'local') ?? local[0]
    return found === undefined ? null : { issuer: found.issuer, rsaPadding: found.settings.rsaPadding }
  }
  const [rsa, ec] = [of('rsa'), of('ec')]
  if (rsa !== null && ec !== null) return { rsa, ec }
  const message = 'there is no local authority (certificateAuthority.local) to issue server certificates'
  throw new ProxyError('issuing_failed', 'operator', message)
}
