import type { X509Certificate } from 'node:crypto'
import { BoundedMap } from '../../policy/bounded-map.ts'
import type { OcspOutcome } from '../../policy/revocation.ts'
import type { OcspResult } from './ocsp.ts'

/** An answer that was verified. */
export type OcspAnswer = Exclude<OcspResult, { status: 'problem' }>
export type OcspFailure = { readonly code: string; readonly detail: string }

/** Times in milliseconds. */
export interface OcspCacheOptions {
  readonly maxEntries: number
  /** How long an answer counts that gives no end (RFC 6960 4.2.2.1), or one that is at its end already. */
  readonly shortMs: number
  /** How long "unknown" counts, whatever its nextUpdate: a new certificate is unknown for a moment only. */
  readonly unknownMs: number
  /** How long a failure counts: nobody asks again before. */
  readonly retryMs: number
}

interface Entry {
  readonly answer: OcspAnswer | null
  readonly until: number
  /** From here on a new answer is fetched while the old one still counts. */
  readonly refreshAt: number
  readonly failure: (OcspFailure & { readonly until: number }) | null
}

export interface CurrentAnswer {
  readonly outcome: OcspOutcome
  readonly refresh: boolean
  /** As `OcspSigner` has it: it may have been revoked since. */
  readonly delegate: X509Certificate | null
}

/** What is known of certificates, by CertID. The least recently used leaves first. */
export interface OcspCache {
  /** Remembers an answer, and says until when it counts. */
  keep(key: string, answer: OcspAnswer, now: number): number
  keepFailure(key: string, failure: OcspFailure, now: number): void
  /** The answer that counts now. `refresh`: it is time to ask anew. null: none counts. */
  current(key: string, now: number): CurrentAnswer | null
  /** Nothing of it counts any more, a good answer of before neither. */
  forget(key: string): void
  /** A failure that is too young for another attempt. */
  recentFailure(key: string, now: number): OcspFailure | null
  /** What a failure means with all that is known: a revocation stays one, and a good answer has ended. */
  outcomeOf(key: string, failure: OcspFailure): OcspOutcome
}

export function createOcspCache(options: OcspCacheOptions): OcspCache {
  const entries = new BoundedMap<string, Entry>(options.maxEntries)
  return {
    keep(key, answer, now) {
      const until = endOf(answer, options, now)
      entries.set(key, { answer, until, refreshAt: now + (until - now) / 2, failure: null })
      return until
    },
    keepFailure(key, failure, now) {
      const { answer = null, until = 0, refreshAt = 0 } = entries.get(key) ?? {}
      entries.set(key, { answer, until, refreshAt, failure: { ...failure, until: now + options.retryMs } })
    },
    current(key, now) {
      const entry = entries.get(key)
      if (entry === undefined || entry.answer === null || now >= entry.until) return null
      const { answer, refreshAt } = entry
      return { outcome: outcomeOfAnswer(answer), refresh: now >= refreshAt, delegate: answer.delegate }
    },
    forget: (key) => void entries.delete(key),
    recentFailure(key, now) {
      const failure = entries.get(key)?.failure ?? null
      return failure !== null && now < failure.until ? failure : null
    },
    outcomeOf(key, { code, detail }) {
      const entry = entries.get(key)
      const answer = entry?.answer ?? null
      if (answer?.status === 'revoked') return outcomeOfAnswer(answer)
      const goodUntil = answer?.status === 'good' ? (entry?.until ?? null) : null
      return { kind: 'problem', code, detail, goodUntil }
    },
  }
}

function endOf(answer: OcspAnswer, options: OcspCacheOptions, now: number): number {
  const end = Math.max(answer.nextUpdate ?? 0, now + options.shortMs)
  return answer.status === 'unknown' ? Math.min(end, now + options.unknownMs) : end
}

export function outcomeOfAnswer(answer: OcspAnswer): OcspOutcome {
  switch (answer.status) {
    case 'good':
    case 'unknown':
      return { kind: answer.status }
    case 'revoked':
      return { kind: 'revoked', revocation: { at: answer.at, reason: answer.reason } }
  }
}
