import type { Payload } from '../ocpp/message.ts'
import type { CommandTable, CommandTarget } from './commands.ts'
import type { Answer } from './endpoint.ts'

/** What a charge point with the extension of the white paper answers beside the core commands. */
export const securityCommands: CommandTable = Object.freeze({
  ExtendedTriggerMessage: (payload, target) => trigger(payload, target),
} satisfies CommandTable)

/** ExtendedTriggerMessage (white paper 4.3): the messages of the extension take the place of the old ones. */
function trigger({ requestedMessage, connectorId }: Payload, target: CommandTarget): Answer {
  switch (requestedMessage) {
    case 'BootNotification':
      // OCPP 1.6 errata 3.35, as for TriggerMessage: not once it has been accepted.
      return target.booted ? status('Rejected') : accepted(() => target.perform({ kind: 'boot' }))
    case 'Heartbeat':
      return accepted(() => target.perform({ kind: 'heartbeat' }))
    case 'MeterValues':
      return accepted(() => target.perform({ kind: 'meter-values' }))
    case 'StatusNotification': {
      const state = target.transactionId === null ? 'Available' : 'Charging'
      const connector = typeof connectorId === 'number' ? connectorId : 1
      return accepted(() => target.perform({ kind: 'status', connectorId: connector, status: state }))
    }
    case 'LogStatusNotification':
      return accepted(() =>
        target.perform({ kind: 'call', action: 'LogStatusNotification', payload: target.logStatus() }),
      )
    case 'FirmwareStatusNotification':
      // L01: with the extension it is the signed one that is meant.
      return accepted(() => idle('SignedFirmwareStatusNotification', target))
    default:
      return status('NotImplemented')
  }
}

/** Idle is the one status that needs no requestId. */
function idle(action: string, target: CommandTarget): void {
  target.perform({ kind: 'call', action, payload: { status: 'Idle' } })
}

function accepted(afterwards: () => void): Answer {
  return { kind: 'result', payload: { status: 'Accepted' }, afterwards }
}

function status(value: string): Answer {
  return { kind: 'result', payload: { status: value } }
}
