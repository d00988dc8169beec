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

export interface PasswordVerifier {
  /**
   * Checks a presented password against a stored hash; null when there is none, or no such charge
   * point. Every failure costs the same, whatever was wrong: nobody learns which identities exist
   * (CWE-204).
   */
  verify(credential: CredentialHash | null, presented: Buffer, identity: string): Promise<Verification>
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

  async function verify(
    credential: CredentialHash | null,
    presented: Buffer,
    identity: string,
  ): Promise<Verification> {
    const forms = candidates(presented)
    if (credential?.scheme === 'hmac-sha256') {
      const form = await matchingForm(credential, forms)
      if (form !== null) return { ok: true, form }
      return (await queue.run(() => decoys(forms))) ?? { overloaded: true }
    }
    if (credential === null) return (await queue.run(() => decoys(forms))) ?? { overloaded: true }

    const cacheKey = keyOf(secret, credential, presented, identity)
    const known = remembered(cacheKey)
    if (known !== null) return { ok: true, form: known }
    const form = await queue.run(() => matchingForm(credential, forms))
    if (form === undefined) return { overloaded: true }
    if (form === null) return { ok: false }
    successes.set(cacheKey, { form, until: now() + cacheMs })
    return { ok: true, form }
  }

  return { verify }
}

async function matchingForm(
  credential: CredentialHash,
  forms: readonly Candidate[],
): Promise<PasswordForm | null> {
  for (const { key, form } of forms) if (await matches(credential, key)) return form
  return null
}

/** As many slow hashes as a failed check of a scrypt password takes. */
async function decoys(forms: readonly Candidate[]): Promise<Verification> {
  for (const { key } of forms) await decoy(key)
  return { ok: false }
}

/** The stored hash is part of it, so a changed credential never finds an old success. */
function keyOf(secret: Buffer, credential: CredentialHash, presented: Buffer, identity: string): string {
  const hmac = createHmac('sha256', secret)
  for (const part of [credential.salt, credential.hash, identity]) hmac.update(`${part}\0`)
  return hmac.update(presented).digest('base64')
}
