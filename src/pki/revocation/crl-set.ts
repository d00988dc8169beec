import { hash, type X509Certificate } from 'node:crypto'
import type { CrlOutcome } from '../../policy/revocation.ts'
import { certificateFields } from '../certificate-fields.ts'
import type { RevocationSubject } from './cert-id.ts'
import { type Crl, type CrlProblem, crlProblem, isOlder, isStale, readCrl } from './crl.ts'

/** Why a CRL was not taken. `older`: it would take back what a verified one of the same name says. */
export type CrlLoadProblem = CrlProblem | { readonly code: 'older' | 'fetch'; readonly detail: string }

export interface CrlState {
  readonly name: string
  /** Milliseconds since the epoch; null: there is none that could be read. */
  readonly nextUpdate: number | null
  readonly size: number
  /** SHA-256 of what is in use, as it came; another one: the CRL has changed. null: there is none. */
  readonly digest: string | null
  /** Why the last load failed; null: it did not. */
  readonly problem: CrlLoadProblem | null
}

/** The CRLs of the configuration, by the file or URL that each comes from. */
export interface CrlSet {
  /** Takes a CRL in place of the one of this name. A failed load (not null) keeps what is there. Never throws. */
  load(name: string, bytes: Buffer): CrlLoadProblem | null
  /** A CRL is configured and could not be had: until then, certificates without another CRL are not vouched for. */
  fail(name: string, detail: string): void
  remove(name: string): void
  /** What the CRL of the subject's issuer says. Never throws. */
  outcomeOf(subject: RevocationSubject): CrlOutcome
  /** The same by what a CRL needs to know of a certificate. Never throws. */
  outcomeOfNumber(subject: CrlSubject, issuer: X509Certificate): CrlOutcome
  states(): readonly CrlState[]
}

/** What a CRL needs to know of a certificate; as `certificateFields` has it. */
export interface CrlSubject {
  /** The DER of the issuer's Name. */
  readonly issuer: Buffer
  readonly serialNumber: Buffer
}

export interface CrlSetOptions {
  readonly now: () => number
  readonly skewMs: number
  readonly maxBytes: number
}

interface Entry {
  latest: Crl | null
  /** The newest one that an issuer's key has proven: what is not signed must not push it out. */
  verified: Crl | null
  problem: CrlLoadProblem | null
  /** Of `latest`, as it came. */
  digest: string | null
}

/** As many names as the configuration has; each CRL is bounded by `maxBytes`. */
export function createCrlSet(options: CrlSetOptions): CrlSet {
  const entries = new Map<string, Entry>()
  const proofs = createProofs()
  const entryOf = (name: string): Entry => {
    const entry = entries.get(name) ?? { latest: null, verified: null, problem: null, digest: null }
    entries.set(name, entry)
    return entry
  }
  return {
    load(name, bytes) {
      const entry = entryOf(name)
      const { now, ...limits } = options
      const digest = bytes.length > limits.maxBytes ? null : hash('sha256', bytes)
      // The same again is not read again: it has 32 MiB, perhaps.
      if (digest !== null && digest === entry.digest) {
        entry.problem = null
        return null
      }
      const read = readCrl(bytes, { now: now(), ...limits })
      entry.problem = read.ok ? olderProblem(entry.verified, read.crl) : read.problem
      if (read.ok && entry.problem === null) [entry.latest, entry.digest] = [read.crl, digest]
      return entry.problem
    },
    fail(name, detail) {
      entryOf(name).problem = { code: 'fetch', detail }
    },
    remove(name) {
      entries.delete(name)
    },
    outcomeOf: ({ certificate, issuer }) =>
      outcomeOf(entries, proofs, certificateFields(certificate), issuer, options.now()),
    outcomeOfNumber: (subject, issuer) => outcomeOf(entries, proofs, subject, issuer, options.now()),
    states: () => [...entries].map(([name, entry]) => stateOf(name, entry)),
  }
}

function olderProblem(verified: Crl | null, next: Crl): CrlLoadProblem | null {
  if (verified === null || !verified.issuer.equals(next.issuer) || !isOlder(next, verified)) return null
  return { code: 'older', detail: 'the CRL is older than the one in use' }
}

function outcomeOf(
  entries: ReadonlyMap<string, Entry>,
  proofs: Proofs,
  { issuer: name, serialNumber }: CrlSubject,
  issuer: X509Certificate,
  now: number,
): CrlOutcome {
  let newest: Crl | null = null
  let detail: string | null = null
  for (const [source, entry] of entries) {
    const candidates = [entry.latest, entry.verified].filter((crl) => crl?.issuer.equals(name))
    if (entry.latest === null) detail ??= `${source}: ${entry.problem?.detail ?? 'there is none'}`
    for (const crl of candidates) {
      if (crl === null || crl === undefined) continue
      const problem = proofs(crl, issuer)
      if (problem !== null) detail = `${source}: ${problem.detail}`
      else {
        if (entry.verified === null || !isOlder(crl, entry.verified)) entry.verified = crl
        if (newest === null || isOlder(newest, crl)) newest = crl
      }
    }
  }
  if (newest === null) return detail === null ? { kind: 'none' } : { kind: 'unusable', detail }
  const [revocation, stale] = [newest.findSerial(serialNumber), isStale(newest, now)]
  if (revocation !== null) return { kind: 'revoked', stale, revocation }
  return { kind: 'good', stale, nextUpdate: newest.nextUpdate }
}

type Proofs = (crl: Crl, issuer: X509Certificate) => CrlProblem | null

/** A signature is verified once for a CRL and an issuer; forgotten with them. */
function createProofs(): Proofs {
  const known = new WeakMap<Crl, WeakMap<X509Certificate, { readonly problem: CrlProblem | null }>>()
  return (crl, issuer) => {
    const ofCrl = known.get(crl) ?? new WeakMap()
    known.set(crl, ofCrl)
    const found = ofCrl.get(issuer) ?? { problem: crlProblem(crl, issuer) }
    ofCrl.set(issuer, found)
    return found.problem
  }
}

function stateOf(name: string, { latest, verified, problem, digest }: Entry): CrlState {
  const crl = latest ?? verified
  return { name, nextUpdate: crl?.nextUpdate ?? null, size: crl?.size ?? 0, digest, problem }
}
