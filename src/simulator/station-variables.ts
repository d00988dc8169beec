import { isPayload, type Payload } from '../ocpp/message.ts'
import { foldKey } from '../policy/configuration-key.ts'
import { passwordVariable } from '../policy/messages-201.ts'
import { variablesOf } from '../policy/variables-201.ts'
import type { CommandTable, CommandTarget } from './commands.ts'
import type { Answer } from './endpoint.ts'

/** Variables of OCPP 2.0.1 by folded name, and the configuration keys that hold the same in OCPP 1.6. */
const variables: ReadonlyMap<string, { readonly key: string; readonly isReadOnly: boolean }> = new Map([
  ['organizationname', { key: 'CpoName', isReadOnly: false }],
  ['additionalrootcertificatecheck', { key: 'AdditionalRootCertificateCheck', isReadOnly: true }],
  ['maxcertificatechainsize', { key: 'CertificateSignedMaxChainSize', isReadOnly: true }],
  ['securityprofile', { key: 'SecurityProfile', isReadOnly: true }],
])

const priorityVariable = 'networkconfigurationpriority'

/** GetVariables and SetVariables of a charging station, as far as its security goes; others are not known. */
export const variableCommands: CommandTable = Object.freeze({
  GetVariables: ({ getVariableData }, target) => ({
    kind: 'result',
    payload: {
      getVariableResult: entriesOf(getVariableData).map(({ component, variable }) => {
        const value = toldValue(nameOf(variable), target)
        return value === null
          ? { attributeStatus: 'UnknownVariable', component, variable }
          : { attributeStatus: 'Accepted', attributeValue: value, component, variable }
      }),
    },
  }),
  SetVariables: setVariables,
} satisfies CommandTable)

/** A password has to come alone: what follows from it is a matter of the whole answer. */
function setVariables(payload: Payload, target: CommandTarget): Answer {
  const [asked, ...more] = variablesOf(payload)
  const isPassword = asked?.variable === passwordVariable && more.length === 0
  const answer =
    isPassword && typeof asked.value === 'string'
      ? target.changeSecurityKey('AuthorizationKey', asked.value)
      : null
  if (answer !== null && answer.kind !== 'result') return answer
  const setVariableResult = entriesOf(payload.setVariableData).map((entry) => ({
    attributeStatus: answer?.payload.status ?? set(entry, target),
    component: entry.component,
    variable: entry.variable,
  }))
  return { ...answer, kind: 'result', payload: { setVariableResult } }
}

/** null: it is not known. */
function toldValue(name: string, { configuration, network }: CommandTarget): string | null {
  if (name === priorityVariable) return network.priority
  const known = variables.get(name)
  return known === undefined ? null : configuration.get(known.key)
}

function set({ variable, attributeValue }: Payload, { configuration, network }: CommandTarget): string {
  if (nameOf(variable) === priorityVariable)
    return typeof attributeValue === 'string' ? network.setPriority(attributeValue) : 'Rejected'
  const known = variables.get(nameOf(variable))
  if (known === undefined) return 'UnknownVariable'
  if (known.isReadOnly || typeof attributeValue !== 'string') return 'Rejected'
  return configuration.change(known.key, attributeValue)
}

function nameOf(variable: unknown): string {
  return isPayload(variable) && typeof variable.name === 'string' ? foldKey(variable.name) : ''
}

function entriesOf(value: unknown): readonly Payload[] {
  return Array.isArray(value) ? value.filter(isPayload) : []
}
