import { type AdmittedChargePoint, type UpstreamSecrets, upstreamSecret } from './upstream-authorization.ts'

/** A sealed password that the central system refused, and the one to try in its place. */
export interface OtherSecret {
  readonly refused: string | null
  readonly taken: string
}

/** An event of the proxy, for the security log. */
export type NoteSecret = (event: {
  readonly type: string
  readonly identity: string
  readonly techInfo: string
  readonly listener: string
  readonly address: string
}) => void

/**
 * perChargePoint, while a password that the central system has set is under way: the other one of the
 * two. It may have missed the answer of the charge point, and then expects what the charge point does not
 * show any more, or not yet (A01.FR.03). null: there is none, or `status` is not about passwords.
 */
export function otherSecret(
  config: UpstreamSecrets,
  status: number,
  admitted: AdmittedChargePoint,
): OtherSecret | null {
  if (config.centralSystem.authorization !== 'perChargePoint' || config.store.sealingKey === null) return null
  // RFC 9110 15.5.2, 15.5.4; some central systems say 403 to a wrong password.
  if (status !== 401 && status !== 403) return null
  const { chargePoint } = admitted
  const next = chargePoint?.credentialChange?.nextUpstreamSecret ?? null
  if (next === null) return null
  const refused = upstreamSecret(admitted)
  const other = refused === next ? (chargePoint?.upstreamSecret ?? null) : next
  return other === null ? null : { refused, taken: other }
}

/**
 * The central system took the other one, and it is kept (`recordSuccess`): with the end of the change the one
 * that it refused could be left alone, and the charge point locked out.
 */
export function noteSecret(
  note: NoteSecret,
  where: { readonly identity: string; readonly listener: string; readonly address: string },
): void {
  const techInfo =
    'password: the central system refused one of the two that are valid and took the other, which is kept for it'
  note({ type: 'ReconfigurationOfSecurityParameters', techInfo, ...where })
}
