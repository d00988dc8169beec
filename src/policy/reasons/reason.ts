/** The shape of a refusal reason, and the words for what the refused side sees. */

export const stages = ['tcp', 'tls', 'certificate', 'http', 'authentication', 'upstream', 'relay'] as const
export type Stage = (typeof stages)[number]

/** Security events of the white paper (section 4.4) that a refusal on our side is recorded as. */
export type SecurityEventType =
  | 'FailedToAuthenticateAtCentralSystem'
  | 'InvalidChargePointCertificate'
  | 'InvalidTLSVersion'
  | 'InvalidTLSCipherSuite'
  | 'InvalidMessages'

/** What the refused side sees. `reset`: the connection ends without a word. */
export type PeerView =
  | { readonly kind: 'reset' }
  | { readonly kind: 'tls-alert'; readonly alert: string }
  | { readonly kind: 'close-before-http' }
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'websocket'; readonly code: number }

export interface Reason {
  readonly stage: Stage
  /** Requirement ids of the white paper, RFC sections, or OCPP-J sections. */
  readonly requirements: readonly string[]
  /** null: not a matter of security. */
  readonly event: SecurityEventType | null
  readonly peer: PeerView
  /** `fixed`: the check cannot be set to report or off, because nothing sensible could follow. */
  readonly fixed: boolean
  /** What it means. */
  readonly meaning: string
  /** What an operator can do about it. */
  readonly hint: string
}

export const reset = { kind: 'reset' } as const
export const closeBeforeHttp = { kind: 'close-before-http' } as const
export const alert = (name: string) => ({ kind: 'tls-alert', alert: name }) as const
export const http = (status: number) => ({ kind: 'http', status }) as const
export const websocket = (code: number) => ({ kind: 'websocket', code }) as const

export const certificateEvent = 'InvalidChargePointCertificate'
export const loginEvent = 'FailedToAuthenticateAtCentralSystem'
