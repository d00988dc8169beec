import type { Logger } from '../../observe/log.ts'
import type { ActionName } from '../../ocpp/actions.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import {
  answerError,
  answerWith,
  type Call,
  type CallFate,
  forward,
  type UseCase,
} from '../../relay/use-case.ts'

/** `centralSystem.securityMessages`; asked for every message, so that a reload counts at once. */
export type SecurityMessagesMode = () => 'answer' | 'forward'

export interface SecurityMessagesDeps {
  readonly mode: SecurityMessagesMode
  readonly schemas: MessageSchemas
  readonly log: Logger
}

/** Statuses that a charge point reports of its own uploads, and that we confirm. */
const statusActions = ['LogStatusNotification'] as const

/**
 * Confirms the status messages of the white paper (N01; those of L01: signed-firmware) in place of a central system that does
 * not know them: it would answer with an error, and charge points repeat what was not confirmed
 * (`securityMessages: answer`; facts, 5.3). Mapping them to the core's own is another use case's part.
 */
export function createStatusMessages({ mode, schemas, log }: SecurityMessagesDeps): UseCase {
  return {
    name: 'status-messages',
    watches: statusActions.map((action) => ({ direction: 'to-central-system', action })),
    onCall(call, session) {
      const action = statusActions.find((one) => one === call.action)
      if (action === undefined || mode() === 'forward') return forward
      const malformed = refusalOfMalformed(schemas, action, call)
      if (malformed !== null) return malformed
      // Of a closed list and a number: the schema has seen to that.
      const { status, requestId } = call.payload
      log.info({ identity: session.facts.identity, action, status, requestId }, 'status of a charge point')
      return answerWith({})
    },
  }
}

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
