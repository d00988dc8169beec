import { createHmac, randomBytes } from 'node:crypto'
import { BoundedMap } from '../../policy/bounded-map.ts'
import type { PasswordForm } from '../../policy/facts.ts'
import { type Candidate, candidates } from '../../policy/password.ts'
import type { CredentialHash } from '../../store/store.ts'
import { decoy, matches } from './hash.ts'
import { createWorkQueue } from './work-queue.ts'

export type Verification =
  | { readonly ok: true; readonly form: PasswordForm }
  | { readonly ok: false }
  /** Too many checks are waiting: the charge point should come back later. */
  | { readonly overloaded: true }

/** The password that a charge point has, and the one that it was offered (A01); null: there is none. */
export interface StoredCredentials {
  readonly current: CredentialHash | null
  readonly next: CredentialHash | null
}

export type EitherVerification =
  | { readonly ok: true; readonly form: PasswordForm; readonly credential: 'current' | 'next' }
  | Exclude<Verification, { readonly ok: true }>

export interface PasswordVerifier {
  /**
   * Checks a presented password against a stored hash; null when there is none, or no such charge
   * point. Every failure costs the same, whatever was wrong: nobody learns which identities exist
   * (CWE-204).
   */
  verify(credential: CredentialHash | null, presented: Buffer, identity: string): Promise<Verification>
  /**
   * The same while a password is being changed: both are right. Where they are equal it is `next`,
   * so that the change comes to its end.
   */
  verifyEither(stored: StoredCredentials, presented: Buffer, identity: string): Promise<EitherVerification>
}

export interface VerifierOptions {
  /** Slow hashes at a time: the thread pool has four places, and others need it too. Default 2. */
  readonly maxConcurrent?: number
  /** Slow checks that may wait. Default 256. */
  readonly maxQueue?: number
  /** Successes that are remembered. Default 20,000. */
  readonly cacheEntries?: number
  /** For how long, in milliseconds. Default ten minutes. */
  readonly cacheMs?: number
  /** Milliseconds; any origin. */
  readonly now: () => number
}

interface Remembered {
  readonly form: PasswordForm
  readonly until: number
}

export function createPasswordVerifier(options: VerifierOptions): PasswordVerifier {
  const { maxConcurrent = 2, maxQueue = 256, cacheEntries = 20_000, cacheMs = 600_000, now } = options
  const queue = createWorkQueue(maxConcurrent, maxQueue)
  const successes = new BoundedMap<string, Remembered>(cacheEntries)
  // Per process: what is in memory says nothing about passwords to who cannot read the secret too.
  const secret = randomBytes(32)

  function remembered(cacheKey: string): PasswordForm | null {
    const entry = successes.get(cacheKey)
    if (entry === undefined) return null
    if (entry.until > now()) return entry.form
    successes.delete(cacheKey)
    return null
  }

  /** Fast hashes and what is remembered: needs no place in the queue. Null: none of them is right. */
  async function matchAtOnce(
    { current, next }: StoredCredentials,
    presented: Buffer,
    forms: readonly Candidate[],
    identity: string,
  ): Promise<EitherVerification | null> {
    // A slow `next` might be right as well, and would go first: then only the queue can tell.
    const isLast = next === null || next.scheme === 'hmac-sha256'
    for (const credential of ['next', 'current'] as const) {
      const hash = credential === 'next' ? next : current
      if (hash === null || (credential === 'current' && !isLast)) continue
      const form =
        hash.scheme === 'hmac-sha256'
          ? await matchingForm(hash, forms)
          : remembered(keyOf(secret, hash, presented, identity))
      if (form !== null) return { ok: true, form, credential }
    }
    return null
  }

  async function verifyEither(
    stored: StoredCredentials,
    presented: Buffer,
    identity: string,
  ): Promise<EitherVerification> {
    const forms = candidates(presented)
    const atOnce = await matchAtOnce(stored, presented, forms, identity)
    if (atOnce !== null) return atOnce
    const hashes = [stored.next, stored.current]
    // A failure costs slow hashes, also where only fast ones are stored or nothing is.
    if (!hashes.some((hash) => hash?.scheme === 'scrypt')) {
      return (await queue.run(() => decoys(forms))) ?? { overloaded: true }
    }
    const found = await queue.run(() => matchEither(stored, forms))
    if (found === undefined) return { overloaded: true }
    if (found === null) return { ok: false }
    const hash = found.credential === 'next' ? stored.next : stored.current
    if (hash?.scheme === 'scrypt') {
      successes.set(keyOf(secret, hash, presented, identity), { form: found.form, until: now() + cacheMs })
    }
    return { ok: true, ...found }
  }

  async function verify(
    credential: CredentialHash | null,
    presented: Buffer,
    identity: string,
  ): Promise<Verification> {
    const result = await verifyEither({ current: credential, next: null }, presented, identity)
    return 'ok' in result && result.ok ? { ok: true, form: result.form } : result
  }

  return { verify, verifyEither }
}

async function matchEither(
  { current, next }: StoredCredentials,
  forms: readonly Candidate[],
): Promise<{ readonly form: PasswordForm; readonly credential: 'current' | 'next' } | null> {
  const nextForm = next === null ? null : await matchingForm(next, forms)
  if (nextForm !== null) return { form: nextForm, credential: 'next' }
  const form = current === null ? null : await matchingForm(current, forms)
  return form === null ? null : { form, credential: 'current' }
}

async function matchingForm(
  credential: CredentialHash,
  forms: readonly Candidate[],
): Promise<PasswordForm | null> {
  for (const { key, form } of forms) if (await matches(credential, key)) return form
  return null
}

/** As many slow hashes as a failed check of a scrypt password takes. */
async function decoys(forms: readonly Candidate[]): Promise<{ readonly ok: false }> {
  for (const { key } of forms) await decoy(key)
  return { ok: false }
}

/** The stored hash is part of it, so a changed credential never finds an old success. */
function keyOf(secret: Buffer, credential: CredentialHash, presented: Buffer, identity: string): string {
  const hmac = createHmac('sha256', secret)
  for (const part of [credential.salt, credential.hash, identity]) hmac.update(`${part}\0`)
  return hmac.update(presented).digest('base64')
}
