import type { CertificateAuthorityConfig } from '../config/schema.ts'
import type { Authority } from '../pki/authority/authority.ts'
import {
  type AuthorityDeps,
  type LocalIssuer,
  noAuthorities,
  type PreparedAuthorities,
  prepareAuthorities,
} from './authorities/prepare.ts'

export {
  type LocalIssuer,
  localIssuer,
  type PreparedAuthorities,
  prepareAuthorities,
} from './authorities/prepare.ts'

/** The authorities in use; a reload puts others in their place, whole. */
export interface Authorities {
  /** Who signs for charge points; null: nobody. */
  current(): Authority | null
  /** Issuers of ours: what they sign besides, such as CRLs and server certificates. */
  issuers(): readonly LocalIssuer[]
  /** Reads and makes those of a configuration. Throws what `prepareAuthorities` throws. */
  prepare(section: CertificateAuthorityConfig | undefined): PreparedAuthorities
  /** Takes what `prepare` has found usable. */
  set(prepared: PreparedAuthorities): void
  /** Called after every `set`. Returns what ends that. */
  onChange(listener: () => void): () => void
}

export function createAuthorities(deps: AuthorityDeps): Authorities {
  let present: PreparedAuthorities = noAuthorities
  const listeners = new Set<() => void>()
  return {
    current: () => present.authority,
    issuers: () => present.issuers,
    prepare: (section) => prepareAuthorities(section, deps),
    set(prepared) {
      present = prepared
      for (const listener of listeners) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
