import type { CommandTable } from './commands.ts'
import type { Answer } from './endpoint.ts'
import { variableCommands } from './station-variables.ts'

/** What a charging station of OCPP 2.0.1 does when it is told to; the rest is NotImplemented. */
export const stationCommands: CommandTable = Object.freeze({
  ...variableCommands,
  ClearCache: () => status('Accepted'),
  DataTransfer: () => status('UnknownVendorId'),
  Reset: (payload, target) =>
    status('Accepted', () =>
      target.perform({ kind: 'reset', reason: payload.type === 'Immediate' ? 'HardReset' : 'SoftReset' }),
    ),
  TriggerMessage({ requestedMessage }, target) {
    switch (requestedMessage) {
      case 'Heartbeat':
        return status('Accepted', () => target.perform({ kind: 'heartbeat' }))
      case 'StatusNotification':
        return status('Accepted', () =>
          target.perform({ kind: 'status', connectorId: 1, status: 'Available' }),
        )
      default:
        return status('NotImplemented')
    }
  },
} satisfies CommandTable)

function status(name: string, afterwards: () => void = () => {}): Answer {
  return { kind: 'result', payload: { status: name }, afterwards }
}
