import type { ActionName201 } from '../../ocpp/actions-201.ts'
import { errorCode201 } from '../../ocpp/message.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import { answerError, type Call, type CallFate } from '../../relay/use-case.ts'

/** The CALLERROR for a payload that breaks its schema of OCPP 2.0.1; null: it keeps it. */
export function refusalOfMalformed201(
  schemas: MessageSchemas<ActionName201>,
  action: ActionName201,
  call: Call,
): CallFate | null {
  const violation = schemas.check(action, 'call', call.payload)
  if (violation === null) return null
  const { code, path, problem } = violation
  return answerError(errorCode201(code), `${path} ${problem}`.trimStart())
}
