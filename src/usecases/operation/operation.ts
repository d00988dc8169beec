/** What operators and campaigns ask of a charge point, and how it ended. */

export const operationFailures = {
  charge_point_unknown: 'It is not registered.',
  not_connected: 'It is not connected; nothing was sent.',
  busy: 'Another operation on this charge point is under way; nothing was sent.',
  prerequisite: 'Something that has to be there first is missing; nothing was sent.',
  not_sent: 'The session ended before the message went out; nothing has changed.',
  refused: 'The charge point refused it; everything is as it was.',
  not_supported: 'The charge point does not support it; everything is as it was.',
  error_answer: 'The charge point answered with an error; everything is as it was.',
  no_answer: 'The charge point got the message and did not answer; what it has done is not known yet.',
  not_back: 'It accepted and did not come back in time.',
  fell_back: 'It accepted, could not connect the new way, and came back the old way.',
  draining: 'The proxy is shutting down.',
} as const

export type OperationFailure = keyof typeof operationFailures

export type OperationOutcome =
  | { readonly ok: true; readonly detail: string }
  | { readonly ok: false; readonly code: OperationFailure; readonly detail: string }

export interface OperationOptions {
  readonly origin: 'operator' | 'campaign'
  /** Milliseconds for all of it, reconnection included. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface RotatePasswordOptions extends OperationOptions {
  /** After RebootRequired: send Reset(Soft), once no transaction is open. */
  readonly reset: boolean
}

export interface UpgradeProfileOptions extends OperationOptions {
  /** After RebootRequired: send Reset(Soft), once no transaction is open. Left out: no. */
  readonly reset?: boolean
  /** To profile 1 or 2: a new password first (A01). One that is on the profile already keeps its own. Left out: no. */
  readonly newPassword?: boolean
}

/** Never rejected but by a store that fails (ProxyError). */
export interface ChargePointOperations {
  /** A01: a new random password, sent, and proven by a login with it. */
  rotatePassword(identity: string, options: RotatePasswordOptions): Promise<OperationOutcome>
  /** A05: prerequisites, SecurityProfile, and a connection on it. */
  upgradeProfile(identity: string, to: 1 | 2 | 3, options: UpgradeProfileOptions): Promise<OperationOutcome>
}
