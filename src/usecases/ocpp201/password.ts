import type { Payload } from '../../ocpp/message.ts'
import { passwordVariable } from '../../policy/messages-201.ts'
import type { CanonicalKey } from '../../policy/password.ts'
import { refusedVariables, variablesOf } from '../../policy/variables-201.ts'
import type { PasswordMessage } from '../password-update/password-update.ts'
import { readVariableAnswer } from './answer.ts'
import { setSecurityVariable } from './security-variables.ts'

/**
 * OCPP 2.0.1, A01: SetVariables of SecurityCtrlr.BasicAuthPassword. The component is not looked at: of a
 * wrong one the charging station says so, and the change is over.
 */
export const basicAuthPassword: PasswordMessage = {
  protocol: 'ocpp2.0.1',
  action: 'SetVariables',
  words: 'SetVariables(BasicAuthPassword)',
  read(payload) {
    const asked = variablesOf(payload).filter(({ variable }) => variable === passwordVariable)
    // Of two the charging station would take either.
    return asked.length === 0 ? null : { key: asked.length === 1 ? passwordOf(asked[0]?.value) : null }
  },
  refused: (payload) => refusedVariables(payload, 'InvalidValue'),
  answered: (answer) => readVariableAnswer(answer, new Set([passwordVariable])),
}

/** passwordString: 16 to 40 characters (A00.FR.205 of OCPP 2.0.1), which are the password as they stand. */
function passwordOf(value: unknown): CanonicalKey | null {
  if (typeof value !== 'string' || !/^[\x20-\x7e]{16,40}$/.test(value)) return null
  return { key: Buffer.from(value), isText: true }
}

/** What sets it. */
export function setPassword(value: string): Payload {
  return setSecurityVariable('BasicAuthPassword', value)
}
