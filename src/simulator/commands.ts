import type { CallMessage, Payload } from '../ocpp/message.ts'
import type { ConfigurationKeys } from './configuration-keys.ts'
import type { Answer } from './endpoint.ts'
import type { StationNetwork } from './station-network.ts'

/** What a command of the central system may do to the charge point. */
export interface CommandTarget {
  readonly configuration: ConfigurationKeys
  /** NetworkConfigurationPriority of OCPP 2.0.1. */
  readonly network: Pick<StationNetwork, 'priority' | 'setPriority'>
  readonly transactionId: number | null
  /** BootNotification was accepted. */
  readonly booted: boolean
  /** What LogStatusNotification says now. */
  logStatus(): Payload
  /** Sends in the background; failures become events. */
  perform(work: BackgroundWork): void
  /** AuthorizationKey and SecurityProfile have their own rules (A01, A05). */
  changeSecurityKey(name: 'AuthorizationKey' | 'SecurityProfile', value: string): Answer
}

export type BackgroundWork =
  | { readonly kind: 'start'; readonly connectorId: number; readonly idTag: string }
  | { readonly kind: 'stop'; readonly reason: string }
  | { readonly kind: 'boot' | 'heartbeat' | 'meter-values' }
  | { readonly kind: 'status'; readonly connectorId: number; readonly status: string }
  | { readonly kind: 'call'; readonly action: string; readonly payload: Payload }
  /** Disconnects, comes back and boots. */
  | { readonly kind: 'reset'; readonly reason: string }

export type CommandHandler = (payload: Payload, target: CommandTarget) => Answer
/** By action. The handlers of the white paper's messages are to be added as another table beside `coreCommands`. */
export type CommandTable = Readonly<Record<string, CommandHandler>>

/** Answers a CALL of the central system: NotImplemented for what no table has (OCPP-J 1.6 4.2.3). */
export function answerCommand(
  call: CallMessage,
  tables: readonly CommandTable[],
  target: CommandTarget,
): Answer {
  for (const table of tables) {
    const handler = Object.hasOwn(table, call.action) ? table[call.action] : undefined
    if (handler !== undefined) return handler(call.payload, target)
  }
  return {
    kind: 'error',
    code: 'NotImplemented',
    description: `${call.action.slice(0, 50)} is not known here`,
  }
}

/** OCPP 1.6 Core, RemoteTrigger, and what a charge point without files says to FirmwareManagement. */
export const coreCommands: CommandTable = Object.freeze({
  ChangeAvailability: (payload, target) => {
    const status = payload.type === 'Inoperative' ? 'Unavailable' : 'Available'
    return accepted(() => target.perform({ kind: 'status', connectorId: connectorOf(payload) ?? 0, status }))
  },
  ChangeConfiguration: (payload, target) => {
    const { key, value } = payload
    if (typeof key !== 'string' || typeof value !== 'string')
      return formation('key and value must be strings')
    const name = key.toLowerCase()
    if (name === 'authorizationkey') return target.changeSecurityKey('AuthorizationKey', value)
    if (name === 'securityprofile') return target.changeSecurityKey('SecurityProfile', value)
    return result({ status: target.configuration.change(key, value) })
  },
  ClearCache: () => accepted(),
  DataTransfer: () => result({ status: 'UnknownVendorId' }),
  GetConfiguration: (payload, target) => {
    const { key } = payload
    const names = Array.isArray(key) ? key.filter((name) => typeof name === 'string').slice(0, 50) : null
    return result(target.configuration.report(names))
  },
  // Without a file name: there is nothing to upload.
  GetDiagnostics: () => result({}),
  GetLocalListVersion: () => result({ listVersion: -1 }),
  RemoteStartTransaction: (payload, target) => {
    const { idTag } = payload
    if (typeof idTag !== 'string') return formation('idTag must be a string')
    if (target.transactionId !== null) return rejected()
    return accepted(() => target.perform({ kind: 'start', connectorId: connectorOf(payload) ?? 1, idTag }))
  },
  RemoteStopTransaction: (payload, target) => {
    if (target.transactionId === null || payload.transactionId !== target.transactionId) return rejected()
    return accepted(() => target.perform({ kind: 'stop', reason: 'Remote' }))
  },
  Reset: (payload, target) => {
    const reason = payload.type === 'Hard' ? 'HardReset' : 'SoftReset'
    return accepted(() => target.perform({ kind: 'reset', reason }))
  },
  SendLocalList: () => result({ status: 'NotSupported' }),
  TriggerMessage: (payload, target) => trigger(payload, target),
  UnlockConnector: () => result({ status: 'Unlocked' }),
  // Nothing is downloaded, and the central system is told so.
  UpdateFirmware: (_payload, target) => ({
    kind: 'result',
    payload: {},
    afterwards: () =>
      target.perform({
        kind: 'call',
        action: 'FirmwareStatusNotification',
        payload: { status: 'DownloadFailed' },
      }),
  }),
} satisfies Record<string, CommandHandler>)

function trigger(payload: Payload, target: CommandTarget): Answer {
  const idle = { status: 'Idle' }
  switch (payload.requestedMessage) {
    case 'BootNotification':
      // OCPP 1.6 errata 3.35: not once it has been accepted.
      return target.booted ? rejected() : accepted(() => target.perform({ kind: 'boot' }))
    case 'Heartbeat':
      return accepted(() => target.perform({ kind: 'heartbeat' }))
    case 'MeterValues':
      return accepted(() => target.perform({ kind: 'meter-values' }))
    case 'StatusNotification': {
      const status = target.transactionId === null ? 'Available' : 'Charging'
      return accepted(() =>
        target.perform({ kind: 'status', connectorId: connectorOf(payload) ?? 1, status }),
      )
    }
    case 'DiagnosticsStatusNotification':
    case 'FirmwareStatusNotification': {
      const action = payload.requestedMessage
      return accepted(() => target.perform({ kind: 'call', action, payload: idle }))
    }
    default:
      return result({ status: 'NotImplemented' })
  }
}

function connectorOf(payload: Payload): number | null {
  const { connectorId } = payload
  return typeof connectorId === 'number' && Number.isInteger(connectorId) && connectorId >= 0
    ? connectorId
    : null
}

function result(payload: Payload): Answer {
  return { kind: 'result', payload }
}

function rejected(): Answer {
  return result({ status: 'Rejected' })
}

function accepted(afterwards: () => void = () => {}): Answer {
  return { kind: 'result', payload: { status: 'Accepted' }, afterwards }
}

function formation(description: string): Answer {
  return { kind: 'error', code: 'TypeConstraintViolation', description }
}
