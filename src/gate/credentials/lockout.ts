import { BoundedMap } from '../../policy/bounded-map.ts'
import { networkOf } from './network.ts'

export type LockState =
  | { readonly locked: false }
  /** Milliseconds, on the clock that was given. */
  | { readonly locked: true; readonly until: number }

/**
 * Stops the guessing of passwords (CWE-307) without giving anybody a way to lock out the real
 * charge point: what counts is the pair of identity and address. A guess from many addresses slows
 * down strangers only, never the address that this identity was last admitted from.
 */
export interface Lockout {
  /**
   * Before a password is looked at. `knownAddress`: where it was last admitted from, if ever.
   * `version`: anything that is another when the stored password is; a lock ends with the password
   * that was guessed at, whoever changed it.
   */
  check(identity: string, address: string, knownAddress: string | null, version?: string): LockState
  /**
   * After a slow look at a password, before anybody is told what came out: guesses that were made at
   * once must not see more answers than the same number of guesses one after the other.
   */
  recheck(identity: string, address: string, version?: string): LockState
  fail(identity: string, address: string, version?: string): void
  succeed(identity: string, address: string, version?: string): void
  /** The operator knows better: every lock of this identity is over. */
  free(identity: string): void
  /** From here on; locks that were set stay as long as they were meant to. */
  setBounds(bounds: LockoutBounds): void
}

export interface LockoutBounds {
  /** Failures within `lockMs` that lock a pair (limits.failuresPerIdentity). */
  readonly failures: number
  /** First lock, in milliseconds (limits.lockout); it doubles each time, up to an hour. */
  readonly lockMs: number
}

export interface LockoutOptions extends LockoutBounds {
  readonly now: () => number
  /** Pairs, and identities, that are remembered. Default 50,000 each. */
  readonly maxEntries?: number
}

const longestLockMs = 3_600_000
/** So many times the failures of one pair, against one identity, are an attack from many addresses. */
const distributedFactor = 20
const strangerIntervalMs = 1000

interface Pair {
  failures: number
  windowStart: number
  locks: number
  lockedUntil: number
}

interface Target {
  failures: number
  windowStart: number
  /** When the next attempt of a stranger is let through. */
  nextStranger: number
}

const open: LockState = Object.freeze({ locked: false })

export function createLockout(options: LockoutOptions): Lockout {
  const { now, maxEntries = 50_000 } = options
  let { failures, lockMs }: LockoutBounds = options
  const pairs = new BoundedMap<string, Pair>(maxEntries)
  const targets = new BoundedMap<string, Target>(maxEntries)
  /** How often an identity was freed. When it is forgotten here, its old locks hold again: closed. */
  const freed = new BoundedMap<string, number>(maxEntries)

  function keyOf(identity: string, address: string, version: string): string {
    return [networkOf(address), freed.get(identity) ?? 0, version, identity].join(' ')
  }

  function check(identity: string, address: string, knownAddress: string | null, version = ''): LockState {
    const locked = recheck(identity, address, version)
    if (locked.locked) return locked
    if (knownAddress !== null && networkOf(knownAddress) === networkOf(address)) return open
    return takeStrangerTurn(identity, now())
  }

  function recheck(identity: string, address: string, version = ''): LockState {
    const pair = pairs.get(keyOf(identity, address, version))
    return pair !== undefined && pair.lockedUntil > now() ? { locked: true, until: pair.lockedUntil } : open
  }

  /** One attempt a second for all strangers together, while the identity is under attack. */
  function takeStrangerTurn(identity: string, at: number): LockState {
    const target = targets.get(identity)
    if (target === undefined || target.failures <= failures * distributedFactor) return open
    if (at - target.windowStart > lockMs) return open
    if (target.nextStranger > at) return { locked: true, until: target.nextStranger }
    target.nextStranger = at + strangerIntervalMs
    return open
  }

  function fail(identity: string, address: string, version = ''): void {
    const at = now()
    countForPair(keyOf(identity, address, version), at)
    countForTarget(identity, at)
  }

  function countForPair(key: string, at: number): void {
    const pair = pairs.get(key) ?? { failures: 0, windowStart: at, locks: 0, lockedUntil: 0 }
    pairs.set(key, pair)
    if (at - pair.windowStart > lockMs) {
      pair.failures = 0
      pair.windowStart = at
    }
    if (at - pair.lockedUntil > longestLockMs) pair.locks = 0
    pair.failures += 1
    if (pair.failures < failures) return
    pair.lockedUntil = at + Math.min(lockMs * 2 ** pair.locks, Math.max(lockMs, longestLockMs))
    // The exponent stays small: doubling ended at the bound long before.
    pair.locks = Math.min(pair.locks + 1, 32)
    pair.failures = 0
    pair.windowStart = pair.lockedUntil
  }

  function countForTarget(identity: string, at: number): void {
    const target = targets.get(identity) ?? { failures: 0, windowStart: at, nextStranger: 0 }
    targets.set(identity, target)
    // Sliding: an attack that goes on keeps the window open, a pause of lockMs closes it.
    if (at - target.windowStart > lockMs) target.failures = 0
    target.failures += 1
    target.windowStart = at
  }

  function succeed(identity: string, address: string, version = ''): void {
    pairs.delete(keyOf(identity, address, version))
  }

  function free(identity: string): void {
    freed.set(identity, (freed.get(identity) ?? 0) + 1)
    targets.delete(identity)
  }

  function setBounds(bounds: LockoutBounds): void {
    failures = bounds.failures
    lockMs = bounds.lockMs
  }

  return { check, recheck, fail, succeed, free, setBounds }
}
