import type { LogType } from '../../policy/charge-point-log.ts'
import type { RootCertificateType, RootSelector } from '../../policy/root-certificate.ts'

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
  not_found: 'The charge point does not have it; nothing has changed.',
  not_verified: 'The charge point accepted it, and what it shows afterwards does not prove it.',
  not_back: 'It accepted and did not come back in time.',
  fell_back: 'It accepted, could not connect the new way, and came back the old way.',
  request_rejected: 'Its certificate request was answered Rejected; its old certificate is valid.',
  authority_failed:
    'The certificate authority has issued nothing, or nothing that can be used; the old certificate is valid.',
  update_failed: 'The charge point accepted it, and reported that it failed.',
  update_pending: 'It accepted the update, and has not reported its end in time; it may go on.',
  upload_failed: 'It accepted, and reported that the upload of its log has failed.',
  upload_pending: 'It accepted, and has not uploaded its log yet; it may still come.',
  draining: 'The proxy is shutting down.',
} as const

export type OperationFailure = keyof typeof operationFailures

export type OperationOutcome =
  | { readonly ok: true; readonly detail: string }
  | { readonly ok: false; readonly code: OperationFailure; readonly detail: string }

export interface OperationOptions {
  readonly origin: 'operator' | 'campaign' | 'onboarding'
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

export interface ListRootsOptions extends OperationOptions {
  /** Left out: those of the white paper. ISO 15118 has to be asked for, because not every charge point has it. */
  readonly certificateType?: RootCertificateType
}

export interface InstallRootOptions extends OperationOptions {
  readonly certificateType: RootCertificateType
  /** PEM. */
  readonly certificate: string
  /** PEM of the root that it takes the place of, where the proxy does not know that (M05.FR.10). */
  readonly oldRoot?: string
  /**
   * false: neither the configuration nor the roots of the charge point are asked for before, as test
   * tools want it; then what must be known for M05.FR.10 is not. Left out: true.
   */
  readonly preflight?: boolean
}

export interface DeleteRootOptions extends OperationOptions {
  readonly certificateType: RootCertificateType
  readonly root: RootSelector
  /** Also the last CentralSystemRootCertificate: without one the charge point can connect to nobody. Left out: no. */
  readonly force?: boolean
  /** false: what was reported last counts, and is not asked for again. Left out: true. */
  readonly preflight?: boolean
}

export interface RenewCertificateOptions extends Omit<OperationOptions, 'origin'> {
  readonly origin: OperationOptions['origin'] | 'onboarding'
  /** A request for another type of key is answered Rejected. Left out: whatever it makes. */
  readonly keyType?: 'rsa' | 'ec'
  /** CpoName by ChangeConfiguration first (A02.FR.13). Left out: no. */
  readonly setCpoName?: boolean
  /** On profile 3: end the session, once no transaction is open, and wait for it with the new one. Left out: no. */
  readonly reconnect?: boolean
  /**
   * false: CertificateSignedMaxChainSize is not asked for before, as test tools want it. Left out: true.
   */
  readonly preflight?: boolean
}

export interface UpdateFirmwareOptions extends OperationOptions {
  /** Of the entry in the catalogue. */
  readonly name: string
  /** Where its location has a `*`: the very one. */
  readonly location?: string
  /** Milliseconds since the epoch; left out: now. */
  readonly retrieveAt?: number
  /** Left out: when it can. */
  readonly installAt?: number
  readonly retries?: number
  /** Seconds. */
  readonly retryInterval?: number
}

export interface GetLogOptions extends OperationOptions {
  readonly logType: LogType
  /** URL that the charge point uploads to; left out: to us. */
  readonly location?: string
  /** Milliseconds since the epoch: entries from then on, and until then. Left out: all that it has. */
  readonly from?: number
  readonly to?: number
  /** How often it tries again, and the seconds between. Left out: as it likes. */
  readonly retries?: number
  readonly retryInterval?: number
  /** false: its answer is enough, and the upload comes later. Left out: true. */
  readonly wait?: boolean
}

/** Never rejected but by a store that fails (ProxyError). */
export interface ChargePointOperations {
  /** A01: a new random password, sent, and proven by a login with it. */
  rotatePassword(identity: string, options: RotatePasswordOptions): Promise<OperationOutcome>
  /** A05: prerequisites, SecurityProfile, and a connection on it. */
  upgradeProfile(identity: string, to: 1 | 2 | 3, options: UpgradeProfileOptions): Promise<OperationOutcome>
  /** M03: what it holds, stored as its inventory. */
  listRoots(identity: string, options: ListRootsOptions): Promise<OperationOutcome>
  /** M05: checked, installed, and seen in what it lists afterwards. One that is there already is a success. */
  installRoot(identity: string, options: InstallRootOptions): Promise<OperationOutcome>
  /** M04: by the hash data that it reported, and gone from what it lists afterwards. */
  deleteRoot(identity: string, options: DeleteRootOptions): Promise<OperationOutcome>
  /**
   * A02: asks for a request, has it signed, and sends the certificate. The old one stays valid until the
   * new one is seen.
   */
  renewCertificate(identity: string, options: RenewCertificateOptions): Promise<OperationOutcome>
  /** A02: the same for its V2G certificate, the one that it shows to vehicles. */
  renewV2gCertificate(identity: string, options: OperationOptions): Promise<OperationOutcome>
  /**
   * L01: image and certificate verified, SignedUpdateFirmware sent, and followed to its end; one that still
   * goes on when the time is over is a success that says so.
   */
  updateFirmware(identity: string, options: UpdateFirmwareOptions): Promise<OperationOutcome>
  /** N01: asks for a log, takes its upload, and hears what the charge point reports of it. */
  getLog(identity: string, options: GetLogOptions): Promise<OperationOutcome>
}
