import { seal, unseal } from '../../store/seal.ts'

/** What stands inside of the seal of every message between replicas. */
interface Envelope {
  /** The sender: the name of one life of a process (`SharedStore.self`), never used again. */
  readonly from: string
  /** null: all others. */
  readonly to: string | null
  /** Of this sender's messages, to whomever; each is greater than every one before. */
  readonly n: number
  /** Milliseconds of the sender's own clock, from any origin, that never goes back. */
  readonly t: number
}

export type Content =
  /** Says a number that was never used: whoever answers with it lives now. */
  | {
      readonly kind: 'hello'
      readonly nonce: string
      /** Something of the other one was missed: it is to tell all that it has told before. */
      readonly wantsAll: boolean
      /** A message of the other one, by number, that could not be taken. */
      readonly dropped: number | null
    }
  /** The answer to a hello. */
  | { readonly kind: 'meet'; readonly echo: string }
  | {
      readonly kind: 'ask'
      readonly id: string
      readonly what: string
      readonly body: unknown
      /** Milliseconds after which nobody waits for the answer. */
      readonly withinMs: number
    }
  | { readonly kind: 'answer'; readonly id: string; readonly ok: boolean; readonly body: unknown }
  | { readonly kind: 'notice'; readonly body: unknown }

export type Message = Envelope & Content
export type MessageOf<Kind extends Content['kind']> = Message & { readonly kind: Kind }

/**
 * Sealed with every message, so that only who means the same by it opens it. A version whose messages mean
 * something else has another one: its replicas and those of before then hear nothing of each other.
 */
const wireName = 'replicas'

export function sealMessage(key: Buffer, text: string): string {
  return seal(key, wireName, Buffer.from(text), 'replica-message')
}

/** Null: not sealed with our key, or not a message of this version. */
export function openMessage(key: Buffer, sealed: string): Message | null {
  try {
    const message: unknown = JSON.parse(unseal(key, wireName, sealed, 'replica-message').toString())
    return isMessage(message) ? message : null
  } catch {
    return null
  }
}

/** Whoever has the key is a replica; another version of it may say other things. */
function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false
  const { from, to, n, t, kind, ...rest } = value as Record<string, unknown>
  const isSent = typeof from === 'string' && (to === null || typeof to === 'string')
  if (!isSent || !Number.isSafeInteger(n) || !Number.isFinite(t)) return false
  switch (kind) {
    case 'hello':
      return typeof rest.nonce === 'string'
    case 'meet':
      return typeof rest.echo === 'string'
    case 'ask':
      return typeof rest.id === 'string' && typeof rest.what === 'string' && Number.isFinite(rest.withinMs)
    case 'answer':
      return typeof rest.id === 'string'
    case 'notice':
      return typeof rest.body === 'object' && rest.body !== null
    default:
      return false
  }
}
