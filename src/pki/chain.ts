import type { X509Certificate } from 'node:crypto'
import type { CertificateFacts, ChainFacts, TrustAnchor } from '../policy/facts.ts'
import { certificateFacts } from './certificate.ts'
import { type ReadCertificate, type Verifies, verifySignature } from './signature.ts'

/** The trusted certificates of a listener: those of the CPO, and those of manufacturers (A00.FR.406). */
export interface TrustLists {
  readonly cpo: readonly X509Certificate[]
  readonly factory: readonly X509Certificate[]
}

/** How facts are had; a cache may stand in for `certificateFacts`. It throws the same. */
export type FactsOf = (certificate: X509Certificate) => CertificateFacts

/** A path as facts, and as the certificates that they were read from, in the same order. */
export interface CertificatePath {
  readonly chain: ChainFacts
  /** The leaf first; the anchor last when one was reached. */
  readonly certificates: readonly X509Certificate[]
}

/** Certificates in a path, leaf and anchor included. Hierarchies of the white paper have two or three. */
export const maxPathLength = 8
/**
 * What a hostile set of cross-signed certificates may cost: issuers that are tried per trust list, so
 * also signatures that are verified. Sixteen that all issued each other have millions of paths.
 */
const maxAttempts = 32
/** Presented certificates beyond these are not looked at. */
const maxPresented = 16

interface Candidate extends ReadCertificate {
  /** null: presented by the peer, not trusted. */
  readonly anchor: TrustAnchor | null
}

/** The state of one search for a path to one of the trust lists. */
interface Search {
  readonly candidates: readonly Candidate[]
  readonly now: number
  readonly goal: TrustAnchor
  readonly verifies: Verifies
  attempts: number
  /** The problem found furthest up, which is the one to tell. */
  problem: { depth: number; text: string }
  /** The longest path that was tried, for an operator who looks for what is missing. */
  longest: readonly Candidate[]
}

/**
 * Builds and validates the certification path of a client certificate (RFC 5280 section 6; A00.FR.403):
 * a second opinion beside OpenSSL's. Names and key identifiers chain, signatures verify, issuers are
 * authorities that may sign certificates, path lengths hold, and nothing critical is left unread.
 *
 * Every CA certificate of a trust list is an anchor, a subordinate one as well: an operator who
 * trusts one branch of a large hierarchy need not trust all of it. (OpenSSL agrees only with
 * `allowPartialTrustChain`.) A certificate without the CA mark is no anchor, version 1 roots included.
 *
 * Dates are not judged here: policy does that, so that expired certificates can be admitted and
 * reported. `now` (milliseconds since the epoch) only says which of two issuers is preferred. A path
 * to 'cpo' is preferred to one to 'factory'. `factsOf` and `verifies` may be caches. Never throws, but
 * for what `factsOf` throws about `leaf`.
 */
export function buildPath(
  leaf: X509Certificate,
  presented: readonly X509Certificate[],
  trust: TrustLists,
  now: number,
  factsOf: FactsOf = certificateFacts,
  verifies: Verifies = verifySignature,
): CertificatePath {
  const start: Candidate = { certificate: leaf, facts: factsOf(leaf), anchor: null }
  const candidates = candidatesOf(presented, trust, factsOf)
  const base = { candidates, now, verifies, attempts: 0 }
  let best: Search | null = null
  for (const goal of ['cpo', 'factory'] as const) {
    const search: Search = { ...base, goal, problem: { depth: -1, text: '' }, longest: [start] }
    const path = climb(search, [start])
    if (path !== null) return pathOf(path, goal, null)
    if (best === null || search.problem.depth > best.problem.depth) best = search
  }
  return pathOf(best?.longest ?? [start], null, best?.problem.text ?? 'no trusted root')
}

/** The facts of `buildPath` alone. */
export function buildChain(...question: Parameters<typeof buildPath>): ChainFacts {
  return buildPath(...question).chain
}

function pathOf(
  path: readonly Candidate[],
  anchor: TrustAnchor | null,
  problem: string | null,
): CertificatePath {
  const [leaf, ...issuers] = path.map((one) => one.facts) as [CertificateFacts, ...CertificateFacts[]]
  return {
    chain: { leaf, issuers, anchor, pathProblem: problem, opensslError: null },
    certificates: path.map((one) => one.certificate),
  }
}

/** Anchors first, so that the shortest path is found first; what cannot be read issues nothing. */
function candidatesOf(
  presented: readonly X509Certificate[],
  trust: TrustLists,
  factsOf: FactsOf,
): Candidate[] {
  const seen = new Set<string>()
  const candidates: Candidate[] = []
  const add = (certificates: readonly X509Certificate[], anchor: TrustAnchor | null): void => {
    for (const certificate of certificates) {
      const facts = readOrNull(certificate, factsOf)
      // The same certificate may be presented and trusted: then it is trusted.
      if (facts === null || seen.has(facts.fingerprint)) continue
      seen.add(facts.fingerprint)
      candidates.push({ certificate, facts, anchor })
    }
  }
  add(trust.cpo, 'cpo')
  add(trust.factory, 'factory')
  add(presented.slice(0, maxPresented), null)
  return candidates
}

function readOrNull(certificate: X509Certificate, factsOf: FactsOf): CertificateFacts | null {
  try {
    return factsOf(certificate)
  } catch {
    return null
  }
}

/** Depth first, from the last certificate of `path` to an anchor of the goal. Bounded by depth and attempts. */
function climb(search: Search, path: readonly Candidate[]): readonly Candidate[] | null {
  const last = path.at(-1)
  if (last === undefined) return null
  if (path.length > search.longest.length) search.longest = path
  if (last.facts.unknownCriticalExtension !== null) {
    const text = `${show(last)} has an extension that must be understood and is not: ${last.facts.unknownCriticalExtension}`
    return fail(search, path, text)
  }
  // A trusted authority that comes as a client is its own path; the policy refuses it for what it is.
  if (isAnchor(last, search)) return path
  if (path.length >= maxPathLength)
    return fail(search, path, `the path is longer than ${maxPathLength} certificates`)
  const issuers = search.candidates.filter((one) => mayHaveIssued(one, last, path, search))
  if (issuers.length === 0) return fail(search, path, missingIssuer(last))
  for (const issuer of preferred(issuers, search.now)) {
    if (search.attempts >= maxAttempts)
      return fail(search, path, `no path was found in ${maxAttempts} attempts`)
    search.attempts += 1
    const problem = issuerProblem(search, issuer, last, path)
    const found = problem === null ? climb(search, [...path, issuer]) : fail(search, path, problem)
    if (found !== null) return found
  }
  return null
}

/** The leaf is not in `candidates`, so its trust is found by fingerprint. */
function isAnchor(one: Candidate, search: Search): boolean {
  if (one.anchor !== null) return one.anchor === search.goal
  return search.candidates.some(
    (other) =>
      other.anchor === search.goal && other.facts.isCa && other.facts.fingerprint === one.facts.fingerprint,
  )
}

/** Names chain, key identifiers do not contradict (OpenSSL's X509_check_issued), and there is no loop. */
function mayHaveIssued(
  issuer: Candidate,
  subject: Candidate,
  path: readonly Candidate[],
  search: Search,
): boolean {
  if (issuer.anchor !== null && issuer.anchor !== search.goal) return false
  if (path.some((one) => one.facts.fingerprint === issuer.facts.fingerprint)) return false
  return issuer.facts.subject === subject.facts.issuer || subject.certificate.checkIssued(issuer.certificate)
}

/**
 * Those within their dates first: a renewed authority has the name, and often the key, of the old one.
 * A self-signed one that is not trusted comes last: it can only be a detour.
 */
function preferred(issuers: readonly Candidate[], now: number): readonly Candidate[] {
  const cost = ({ facts, anchor }: Candidate): number =>
    (facts.selfIssued && anchor === null ? 2 : 0) + (facts.notBefore <= now && now < facts.notAfter ? 0 : 1)
  return issuers.toSorted((one, other) => cost(one) - cost(other))
}

/** RFC 5280 6.1.4 (k) to (n), and the signature (6.1.3 (a) (1)), in the order of their cost. */
function issuerProblem(
  search: Search,
  issuer: Candidate,
  subject: Candidate,
  path: readonly Candidate[],
): string | null {
  const { facts } = issuer
  if (!facts.isCa) return `issuer ${show(issuer)} is not marked as an authority`
  if (facts.keyUsage !== null && !facts.keyUsage.includes('keyCertSign')) {
    return `issuer ${show(issuer)} may not sign certificates (no keyCertSign)`
  }
  // Self-issued certificates below the issuer do not count, and the leaf never does (6.1.4 (l)).
  const below = path.slice(1).filter((one) => !one.facts.selfIssued).length
  if (facts.pathLength !== null && below > facts.pathLength) {
    return `issuer ${show(issuer)} allows ${facts.pathLength} authorities below it, and there are ${below}`
  }
  if (!subject.certificate.checkIssued(issuer.certificate)) {
    return `${show(subject)} names another key of ${show(issuer)} as its issuer`
  }
  if (search.verifies(subject, issuer)) return null
  return `the signature of ${show(subject)} is not by the key of ${show(issuer)}`
}

function fail(search: Search, path: readonly Candidate[], text: string): null {
  if (path.length > search.problem.depth) search.problem = { depth: path.length, text }
  return null
}

function missingIssuer(last: Candidate): string {
  if (last.facts.selfIssued) return `${show(last)} is self-signed and not trusted`
  return `issuer ${JSON.stringify(last.facts.issuer)} is not among the presented certificates nor the trusted roots`
}

function show(one: Candidate): string {
  return JSON.stringify(one.facts.subject)
}
