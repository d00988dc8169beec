import type { TlsVersion } from '../peers/peer.ts'

/** What the load generator is started with. */
export interface LoadSetting {
  readonly port: number
  readonly tls: TlsVersion
  readonly password: string
  readonly messageBytes: number
}

/** What the runner may ask of the load generator, one at a time. */
export type LoadCommand =
  /** Opens charge points 1 to `count` and keeps them. */
  | { readonly what: 'connect'; readonly count: number }
  /** Ends all that are open. */
  | { readonly what: 'disconnect' }
  /** Every open charge point sends one CALL and waits for its answer. */
  | { readonly what: 'one-each' }
  /** Every open charge point sends its next CALL as soon as it has its answer. */
  | { readonly what: 'closed-loop'; readonly seconds: number }
  /** `rate` CALLs a second over all open charge points, whether the last ones are answered or not. */
  | { readonly what: 'open-loop'; readonly seconds: number; readonly rate: number }
  /** Connect, upgrade, close, again; with session tickets where `resumed`. */
  | { readonly what: 'handshakes'; readonly seconds: number; readonly resumed: boolean }

/** What came of it. Latencies in microseconds; of a handshake, from connect to the 101. */
export interface LoadResult {
  readonly done: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
}

export type LoadReply =
  | { readonly ok: true; readonly result: LoadResult }
  | { readonly ok: false; readonly message: string }

/** How many handshakes are under way at once in `handshakes`, and how many identities each slot uses in turn. */
export const handshakeSlots = 8
export const identitiesPerSlot = 16
