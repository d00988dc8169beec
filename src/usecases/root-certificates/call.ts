import type { Payload } from '../../ocpp/message.ts'
import { isPlugAndChargeType, type RootCertificateType } from '../../policy/root-certificate.ts'
import type { CallOptions, CallOutcome, UseCaseSession } from '../../relay/use-case.ts'
import { callWrapped } from '../plug-and-charge/unwrap.ts'

type RootAction = 'GetInstalledCertificateIds' | 'InstallCertificate' | 'DeleteCertificate'

/** Asks about certificates of a type: natively, or in a DataTransfer where they are of ISO 15118. */
export function callAboutRoots(
  session: UseCaseSession,
  certificateType: RootCertificateType,
  action: RootAction,
  payload: Payload,
  options: CallOptions,
): Promise<CallOutcome> {
  return isPlugAndChargeType(certificateType)
    ? callWrapped(session, action, payload, options)
    : session.callChargePoint(action, payload, options)
}

/** GetInstalledCertificateIds: a single type in the white paper, a list of them in the application note. */
export function listPayload(certificateType: RootCertificateType): Payload {
  return { certificateType: isPlugAndChargeType(certificateType) ? [certificateType] : certificateType }
}
