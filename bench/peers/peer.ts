import type { ServerCertificate } from '../machine/certificates.ts'

/** The suite is pinned, so that all peers do the same cryptography. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'
export const suite12 = 'ECDHE-ECDSA-AES128-GCM-SHA256'
export const suite13 = 'TLS_AES_128_GCM_SHA256'

/** What a peer is started with. Everything listens on 127.0.0.1. */
export interface PeerSetting {
  readonly listenPort: number
  readonly upstreamPort: number
  readonly certificate: ServerCertificate
  readonly tls: TlsVersion
  /** The charge points that may connect, under /ocpp/. */
  readonly identities: readonly string[]
  /** Their common password. */
  readonly password: string
  /** An empty folder of its own, removed afterwards. */
  readonly folder: string
  /** Options for peers that run on Node, as NODE_OPTIONS takes them; may be empty. */
  readonly nodeOptions: string
}

export interface RunningPeer {
  /** All processes under test, as they are now. */
  pids(): readonly number[]
  stop(): Promise<void>
}

/** A program that stands between charge points on TLS and the plain central system. */
export interface Peer {
  readonly name: string
  /** Which program in which version this is, or why it is left out. */
  availability(): { readonly version: string } | { readonly missing: string }
  /** Resolves when it accepts connections. */
  start(setting: PeerSetting): Promise<RunningPeer>
}
