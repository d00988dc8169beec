import type { Payload } from '../../ocpp/message.ts'
import { toldVariables } from '../../policy/variables-201.ts'
import type { RenewalMessages } from '../certificate-update/messages.ts'
import { chainSizeOf } from '../certificate-update/rules.ts'
import { readVariableAnswer } from './answer.ts'

/** Component of everything about security (OCPP 2.0.1, part 2, appendix). */
const component = { name: 'SecurityCtrlr' }

/** Asks for variables of SecurityCtrlr. */
export function getSecurityVariables(names: readonly string[]): Payload {
  return { getVariableData: names.map((name) => ({ component, variable: { name } })) }
}

/** A02 in the messages of OCPP 2.0.1. */
export const renewalMessages201: RenewalMessages = {
  setOrganization: (name) => ({
    action: 'SetVariables',
    payload: {
      setVariableData: [{ attributeValue: name, component, variable: { name: 'OrganizationName' } }],
    },
  }),
  readOrganization: (outcome) => readVariableAnswer(outcome, new Set(['organizationname'])),
  askChainSize: { action: 'GetVariables', payload: getSecurityVariables(['MaxCertificateChainSize']) },
  readChainSize: (answer) => chainSizeOf(toldVariables(answer).get('maxcertificatechainsize')),
  trigger: {
    action: 'TriggerMessage',
    payload: { requestedMessage: 'SignChargingStationCertificate' },
  },
}
