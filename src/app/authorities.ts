import type { Config } from '../config/schema.ts'
import type { Logger } from '../observe/log.ts'
import type { Authority } from '../pki/authority/authority.ts'
import { messageOf } from '../policy/error.ts'
import type { Store } from '../store/store.ts'
import { noPlugAndCharge, type PlugAndChargeServices } from '../usecases/plug-and-charge/settings.ts'
import {
  type LocalIssuer,
  noAuthorities,
  type PreparedAuthorities,
  prepareAuthorities,
} from './authorities/prepare.ts'
import { AuthorityStatus } from './authority-status.ts'
import { preparePlugAndCharge } from './plug-and-charge.ts'

export {
  type LocalIssuer,
  localIssuer,
  type PreparedAuthorities,
  prepareAuthorities,
} from './authorities/prepare.ts'

export interface AuthoritiesDeps {
  readonly store: Pick<Store, 'issued' | 'renewals' | 'ocspAnswers' | 'denied'>
  readonly log: Logger
  /** As the last reload left it. */
  readonly config: () => Pick<Config, 'cpo'>
}

/** Everything of a configuration that is read before any of it is taken. */
export interface Prepared extends PreparedAuthorities {
  readonly plugAndCharge: PlugAndChargeServices
}

/** The authorities in use; a reload puts others in their place, whole. */
export interface Authorities {
  /** Who signs for charge points; null: nobody. */
  current(): Authority | null
  /** Issuers of ours: what they sign besides, such as CRLs and server certificates. */
  issuers(): readonly LocalIssuer[]
  /** Reads and makes those of a configuration. Throws what `prepareAuthorities` and `preparePlugAndCharge` throw. */
  prepare(config: Pick<Config, 'certificateAuthority' | 'plugAndCharge' | 'listeners' | 'cpo'>): Prepared
  /** Takes what `prepare` has found usable. */
  set(prepared: Prepared): void
  /** What is served of ISO 15118: a trust of its own, which never meets that of charge points. */
  plugAndCharge(): PlugAndChargeServices
  /** CRL and OCSP of those that are ours. */
  readonly status: AuthorityStatus
  /** Writes CRLs that changed, and forgets what nobody asks for any more. About once a minute. Never rejected. */
  tidy(): Promise<void>
  /** Called after every `set`. Returns what ends that. */
  onChange(listener: () => void): () => void
}

/** OCSP of a certificate is asked for a while after its end. */
const [keepExpiredMs, keepEndedMs] = [90 * 86_400_000, 365 * 86_400_000]

export function createAuthorities({ store, log, config }: AuthoritiesDeps): Authorities {
  const now = Date.now
  let present: Prepared = { ...noAuthorities, plugAndCharge: noPlugAndCharge }
  const listeners = new Set<() => void>()
  const onChange: Authorities['onChange'] = (listener) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  const issuers = () => present.issuers
  const organization = () => config().cpo.names[0] ?? ''
  const status = new AuthorityStatus({ issuers, onChange, index: store.issued, organization, log, now })
  return {
    current: () => present.authority,
    issuers,
    prepare(config) {
      const prepared = prepareAuthorities(config.certificateAuthority, { index: store.issued, now })
      const cpoRoots = prepared.authority?.roots() ?? []
      const deps = { answers: store.ocspAnswers, denied: store.denied, index: store.issued, log }
      return { ...prepared, plugAndCharge: preparePlugAndCharge(config, cpoRoots, deps) }
    },
    plugAndCharge: () => present.plugAndCharge,
    set(prepared) {
      present = prepared
      for (const listener of listeners) listener()
    },
    onChange,
    status,
    async tidy() {
      await status.write()
      try {
        await store.issued.prune(now() - keepExpiredMs)
        await store.renewals.prune(now() - keepEndedMs)
      } catch (error) {
        log.error({ err: messageOf(error) }, 'old certificates cannot be forgotten')
      }
    },
  }
}
