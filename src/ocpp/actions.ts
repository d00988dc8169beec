/**
 * The actions of OCPP 1.6 (core document and "Improved security" white paper), who sends each, and to
 * which feature profile it belongs.
 */

export type ActionSender = 'charge-point' | 'central-system' | 'both'

export type FeatureProfile =
  | 'Core'
  | 'FirmwareManagement'
  | 'LocalAuthListManagement'
  | 'Reservation'
  | 'SmartCharging'
  | 'RemoteTrigger'
  | 'Security'

export interface ActionInfo {
  readonly sender: ActionSender
  readonly profile: FeatureProfile
}

const fromChargePoint = (profile: FeatureProfile): ActionInfo => ({ sender: 'charge-point', profile })
const fromCentralSystem = (profile: FeatureProfile): ActionInfo => ({ sender: 'central-system', profile })

export const actions = {
  Authorize: fromChargePoint('Core'),
  BootNotification: fromChargePoint('Core'),
  Heartbeat: fromChargePoint('Core'),
  MeterValues: fromChargePoint('Core'),
  StartTransaction: fromChargePoint('Core'),
  StatusNotification: fromChargePoint('Core'),
  StopTransaction: fromChargePoint('Core'),
  DataTransfer: { sender: 'both', profile: 'Core' },
  ChangeAvailability: fromCentralSystem('Core'),
  ChangeConfiguration: fromCentralSystem('Core'),
  ClearCache: fromCentralSystem('Core'),
  GetConfiguration: fromCentralSystem('Core'),
  RemoteStartTransaction: fromCentralSystem('Core'),
  RemoteStopTransaction: fromCentralSystem('Core'),
  Reset: fromCentralSystem('Core'),
  UnlockConnector: fromCentralSystem('Core'),
  DiagnosticsStatusNotification: fromChargePoint('FirmwareManagement'),
  FirmwareStatusNotification: fromChargePoint('FirmwareManagement'),
  GetDiagnostics: fromCentralSystem('FirmwareManagement'),
  UpdateFirmware: fromCentralSystem('FirmwareManagement'),
  GetLocalListVersion: fromCentralSystem('LocalAuthListManagement'),
  SendLocalList: fromCentralSystem('LocalAuthListManagement'),
  CancelReservation: fromCentralSystem('Reservation'),
  ReserveNow: fromCentralSystem('Reservation'),
  ClearChargingProfile: fromCentralSystem('SmartCharging'),
  GetCompositeSchedule: fromCentralSystem('SmartCharging'),
  SetChargingProfile: fromCentralSystem('SmartCharging'),
  TriggerMessage: fromCentralSystem('RemoteTrigger'),
  LogStatusNotification: fromChargePoint('Security'),
  SecurityEventNotification: fromChargePoint('Security'),
  SignCertificate: fromChargePoint('Security'),
  SignedFirmwareStatusNotification: fromChargePoint('Security'),
  CertificateSigned: fromCentralSystem('Security'),
  DeleteCertificate: fromCentralSystem('Security'),
  ExtendedTriggerMessage: fromCentralSystem('Security'),
  GetInstalledCertificateIds: fromCentralSystem('Security'),
  GetLog: fromCentralSystem('Security'),
  InstallCertificate: fromCentralSystem('Security'),
  SignedUpdateFirmware: fromCentralSystem('Security'),
} as const satisfies Record<string, ActionInfo>

export type ActionName = keyof typeof actions

export const actionNames: readonly ActionName[] = Object.freeze(
  Object.keys(actions).filter((name): name is ActionName => Object.hasOwn(actions, name)),
)

/** Exact match: action names are case-sensitive (OCPP-J 1.6, 4.2.1). */
export function isActionName(name: string): name is ActionName {
  return Object.hasOwn(actions, name)
}
