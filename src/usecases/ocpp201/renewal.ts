import { toldVariables } from '../../policy/variables-201.ts'
import type { RenewalMessages } from '../certificate-update/messages.ts'
import { chainSizeOf } from '../certificate-update/rules.ts'
import { readVariableAnswer } from './answer.ts'
import { getSecurityVariables, setSecurityVariable } from './security-variables.ts'

/** A02 in the messages of OCPP 2.0.1. */
export const renewalMessages201: RenewalMessages = {
  setOrganization: (name) => ({
    action: 'SetVariables',
    payload: setSecurityVariable('OrganizationName', name),
  }),
  readOrganization: (outcome) => readVariableAnswer(outcome, new Set(['organizationname'])),
  askChainSize: { action: 'GetVariables', payload: getSecurityVariables(['MaxCertificateChainSize']) },
  readChainSize: (answer) => chainSizeOf(toldVariables(answer).get('maxcertificatechainsize')),
  trigger: {
    action: 'TriggerMessage',
    payload: { requestedMessage: 'SignChargingStationCertificate' },
  },
}
