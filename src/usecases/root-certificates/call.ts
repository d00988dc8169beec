import type { Payload } from '../../ocpp/message.ts'
import { csmsRootType, isPlugAndChargeType, type RootCertificateType } from '../../policy/root-certificate.ts'
import type { CallOptions, CallOutcome, UseCaseSession } from '../../relay/use-case.ts'
import { callWrapped } from '../plug-and-charge/unwrap.ts'

type RootAction = 'GetInstalledCertificateIds' | 'InstallCertificate' | 'DeleteCertificate'

/** Asks about certificates of a type: natively, or in a DataTransfer where OCPP 1.6 is to speak of ISO 15118. */
export function callAboutRoots(
  session: UseCaseSession,
  certificateType: RootCertificateType,
  action: RootAction,
  payload: Payload,
  options: CallOptions,
): Promise<CallOutcome> {
  return isPlugAndChargeType(certificateType) && !is201(session)
    ? callWrapped(session, action, payload, options)
    : session.callChargePoint(action, payload, options)
}

/** The type as the charge point calls it: OCPP 2.0.1 has another name for the root of the central system. */
export function nameOfType(session: UseCaseSession, certificateType: RootCertificateType): string {
  return is201(session) && certificateType === 'CentralSystemRootCertificate' ? csmsRootType : certificateType
}

/** GetInstalledCertificateIds: one type in the white paper, a list of them in OCPP 2.0.1 and the application note. */
export function listPayload(session: UseCaseSession, certificateType: RootCertificateType): Payload {
  const name = nameOfType(session, certificateType)
  return { certificateType: tellsTypes(session, certificateType) ? [name] : name }
}

/** Each certificate that it lists says of which type it is. */
export function tellsTypes(session: UseCaseSession, certificateType: RootCertificateType): boolean {
  return is201(session) || isPlugAndChargeType(certificateType)
}

export function is201({ facts }: UseCaseSession): boolean {
  return facts.protocol === 'ocpp2.0.1'
}
