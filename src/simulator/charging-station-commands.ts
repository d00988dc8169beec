import type { Payload } from '../ocpp/message.ts'
import { isPayload } from '../ocpp/message.ts'
import { passwordVariable } from '../policy/messages-201.ts'
import { variablesOf } from '../policy/variables-201.ts'
import type { CommandTable, CommandTarget } from './commands.ts'
import type { Answer } from './endpoint.ts'

/** What a charging station of OCPP 2.0.1 does when it is told to; the rest is NotImplemented. */
export const stationCommands: CommandTable = Object.freeze({
  ClearCache: () => status('Accepted'),
  DataTransfer: () => status('UnknownVendorId'),
  GetVariables: ({ getVariableData }) => ({
    kind: 'result',
    payload: {
      getVariableResult: entriesOf(getVariableData).map(({ component, variable }) => ({
        attributeStatus: 'UnknownVariable',
        component,
        variable,
      })),
    },
  }),
  Reset: (payload, target) =>
    status('Accepted', () =>
      target.perform({ kind: 'reset', reason: payload.type === 'Immediate' ? 'HardReset' : 'SoftReset' }),
    ),
  SetNetworkProfile: () => status('Accepted'),
  SetVariables: setVariables,
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

/** The password alone is a setting of its own; every other variable is not known here. */
function setVariables(payload: Payload, target: CommandTarget): Answer {
  const [asked, ...more] = variablesOf(payload)
  const isPassword = asked?.variable === passwordVariable && more.length === 0
  const answer =
    isPassword && typeof asked.value === 'string'
      ? target.changeSecurityKey('AuthorizationKey', asked.value)
      : status('UnknownVariable')
  if (answer.kind !== 'result') return answer
  const setVariableResult = entriesOf(payload.setVariableData).map(({ component, variable }) => ({
    attributeStatus: answer.payload.status,
    component,
    variable,
  }))
  return { ...answer, payload: { setVariableResult } }
}

function entriesOf(value: unknown): readonly Payload[] {
  return Array.isArray(value) ? value.filter(isPayload) : []
}

function status(name: string, afterwards: () => void = () => {}): Answer {
  return { kind: 'result', payload: { status: name }, afterwards }
}
