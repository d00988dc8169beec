import type { X509Certificate } from 'node:crypto'
import type { Authority, AuthorityRequest } from '../../../src/pki/authority/authority.ts'
import { AuthorityError } from '../../../src/pki/authority/authority.ts'
import type { Issuer } from '../../../src/pki/authority/issuer.ts'
import { createLocalAuthority, type LocalAuthorityOptions } from '../../../src/pki/authority/local.ts'
import type { Authority as TestAuthority } from '../../support/authority.ts'
import { type CsrOptions, csrOf } from '../../support/csr.ts'
import { type MemoryIssuedIndex, memoryIssuedIndex } from '../../support/memory-issued-index.ts'

export const day = 24 * 60 * 60 * 1000
/** Nobody gives up. */
export const patience = new AbortController().signal

export async function requestOf(
  options: CsrOptions = {},
  changes: Partial<AuthorityRequest> = {},
): Promise<AuthorityRequest> {
  return {
    csr: await csrOf(options),
    identity: 'CP1',
    organization: 'Example CPO',
    serialNumber: 'SN-0001',
    isRenewal: true,
    ...changes,
  }
}

export function issuerOf(authority: TestAuthority, above: readonly X509Certificate[] = []): Issuer {
  return { ...authority.credentials, chain: above }
}

export function localOf(
  issuer: Issuer,
  options: Partial<LocalAuthorityOptions> = {},
): { readonly authority: Authority; readonly index: MemoryIssuedIndex } {
  const index = memoryIssuedIndex()
  const defaults = { name: 'local', lifetimeMs: 365 * day, index, now: Date.now }
  return { authority: createLocalAuthority({ ...defaults, issuer, ...options }), index }
}

/** The failure of a call that must fail, and nothing but that kind of failure. */
export async function failureOf(promise: Promise<unknown>): Promise<AuthorityError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof AuthorityError) return error
  throw new Error(`this is no failure of an authority: ${String(error)}`)
}
