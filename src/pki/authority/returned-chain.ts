import { hash, type X509Certificate } from 'node:crypto'
import type { ChainFacts } from '../../policy/facts.ts'
import { checkIssued } from '../../policy/issued-certificate.ts'
import { certificateFacts } from '../certificate.ts'
import { buildChain } from '../chain.ts'
import {
  AuthorityError,
  type AuthorityRequest,
  type IssuedChain,
  issuedChain,
  withoutRoots,
} from './authority.ts'

/** What is wrong with a chain, in words; empty: the charge point may have it. */
export type CheckReturned = (
  chain: ChainFacts,
  request: AuthorityRequest,
  rules: { readonly now: number; readonly minimumLifetimeMs: number },
) => readonly string[]

/** What came back must end here, and live for so long. */
export interface ReturnedChainPolicy {
  readonly roots: readonly X509Certificate[]
  readonly minimumLifetimeMs: number
  /** By what rules; those of charge point certificates when left out. */
  readonly check?: CheckReturned
}

/** Certificates beyond these are not looked at. */
const maxReturned = 16

/**
 * The chain for a charge point out of what an authority returned, in whatever order, extras included.
 * It is judged as the gate would judge it (`checkIssued`), or by the rules of the policy. `now`: milliseconds since the epoch.
 * Throws AuthorityError `authority_rejected`: the same request would give the same again.
 */
export function acceptReturned(
  name: string,
  returned: readonly X509Certificate[],
  request: AuthorityRequest,
  policy: ReturnedChainPolicy,
  now: number,
): IssuedChain {
  const certificates = returned.slice(0, maxReturned)
  const { keyFingerprint } = request.csr.facts
  const leaf = certificates.find((one) => fingerprintOf(one) === keyFingerprint) ?? certificates[0]
  if (leaf === undefined) throw new AuthorityError('rejected', `authority ${name} returned no certificate`)
  const others = certificates.filter((one) => one !== leaf)
  const chain = judge(name, leaf, others, request, policy, now)
  const known = [...others, ...policy.roots]
  const issuers = chain.issuers.flatMap(
    ({ fingerprint }) => known.find((one) => hash('sha256', one.raw, 'hex') === fingerprint) ?? [],
  )
  return issuedChain([leaf, ...withoutRoots(issuers)])
}

function judge(
  name: string,
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  request: AuthorityRequest,
  { roots, minimumLifetimeMs, check = asChargePoint }: ReturnedChainPolicy,
  now: number,
): ReturnType<typeof buildChain> {
  const chain = readable(name, () => buildChain(leaf, others, { cpo: roots, factory: [] }, now))
  const problems = check(chain, request, { now, minimumLifetimeMs })
  if (problems.length === 0) return chain
  const text = problems.join('; ')
  throw new AuthorityError('rejected', `authority ${name} returned a certificate that is refused: ${text}`)
}

const asChargePoint: CheckReturned = (chain, { csr, organization, serialNumber }, rules) =>
  checkIssued(chain, {
    keyFingerprint: csr.facts.keyFingerprint,
    cpoNames: [organization],
    ...{ serialNumber, ...rules },
  }).map(({ code, detail }) => `${code}: ${detail}`)

function readable<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new AuthorityError('rejected', `authority ${name} returned a certificate that cannot be read`, {
      cause,
    })
  }
}

function fingerprintOf(certificate: X509Certificate): string | null {
  try {
    return certificateFacts(certificate).keyFingerprint
  } catch {
    return null
  }
}
