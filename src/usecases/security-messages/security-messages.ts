import type { ActionName } from '../../ocpp/actions.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import { answerError, type Call, type CallFate } from '../../relay/use-case.ts'

/** `centralSystem.securityMessages`; asked for every message, so that a reload counts at once. */
export type SecurityMessagesMode = () => 'answer' | 'forward'

/**
 * The CALLERROR for a payload that breaks its schema (OCPP-J 1.6 4.2.3); null: it keeps it. What ends
 * here is always judged strictly, whatever `messages.schema` says: nobody behind us would.
 */
export function refusalOfMalformed(schemas: MessageSchemas, action: ActionName, call: Call): CallFate | null {
  const violation = schemas.check(action, 'call', call.payload)
  if (violation === null) return null
  const { code, path, problem } = violation
  return answerError(code, path === '' ? problem : `${path} ${problem}`)
}
