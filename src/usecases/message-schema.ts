import type { MessagesConfig } from '../config/schema.ts'
import type { Logger } from '../observe/log.ts'
import type { Direction as MetricDirection, Metrics } from '../observe/metrics.ts'
import { isActionName } from '../ocpp/actions.ts'
import { type ActionName201, type AnyActionName, isActionName201 } from '../ocpp/actions-201.ts'
import { type ErrorCode, type ErrorCode201, errorCode201, type Payload } from '../ocpp/message.ts'
import type { MessagePart, MessageSchemas, SchemaViolation } from '../ocpp/message-schemas.ts'
import { protocols } from '../policy/protocol.ts'
import { Repeats } from '../policy/repeats.ts'
import {
  type Answered,
  answerError,
  type Call,
  type CallFate,
  type Direction,
  forward,
  type UseCase,
  type UseCaseSession,
} from '../relay/use-case.ts'

export interface MessageSchemaDeps {
  readonly settings: () => Pick<MessagesConfig, 'schema' | 'schemaTransactions'>
  readonly schemas: MessageSchemas
  readonly schemas201: MessageSchemas<ActionName201>
  readonly metrics: Pick<Metrics, 'schemaViolations'>
  readonly log: Logger
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

type Mode = MessagesConfig['schema']

/**
 * A charge point drops a transaction message after some CALLERRORs, and with it what somebody owes
 * (OCPP 1.6 3.7, TransactionMessageAttempts). They are reported only, unless the operator says more.
 */
const transactionActions: ReadonlySet<string> = new Set([
  'StartTransaction',
  'StopTransaction',
  'MeterValues',
  // OCPP 2.0.1
  'TransactionEvent',
])

/**
 * What is read leniently by who answers it: the charge point would repeat the event for ever (A04.FR.02),
 * because of a text that is too long.
 */
const lenientActions: ReadonlySet<string> = new Set(['SecurityEventNotification'])

/** How one CALL is held against its schema. */
export function schemaModeOf(
  settings: Pick<MessagesConfig, 'schema' | 'schemaTransactions'>,
  call: Pick<Call, 'direction' | 'action'>,
): Mode {
  const { schema, schemaTransactions } = settings
  if (schema !== 'enforce' || call.direction !== 'to-central-system') return schema
  if (lenientActions.has(call.action)) return 'report'
  return transactionActions.has(call.action) ? schemaTransactions : schema
}

/**
 * Holds payloads against the schemas of the version that is spoken, both ways (`messages.schema`). A CALL that breaks
 * them is counted and logged, or answered with a CALLERROR; an answer cannot be answered, and is
 * counted and logged only. Actions that we do not know pass. null: it is off, and nothing is parsed.
 */
export function createMessageSchema(deps: MessageSchemaDeps): UseCase | null {
  const { settings } = deps
  if (settings().schema === 'off') return null
  const check = checkOf(deps)
  const tell = violationTeller(deps)
  const answered = (action: AnyActionName, call: Call, session: UseCaseSession): Answered => {
    return (answer) => {
      if (answer?.kind !== 'result') return forward
      const violation = check(session, action, 'result', answer.payload)
      if (violation !== null) tell(violation, action, 'result', opposite(call.direction), 'report', session)
      return forward
    }
  }
  return {
    name: 'message-schema',
    protocols,
    watches: [
      { direction: 'to-central-system', action: '*' },
      { direction: 'to-charge-point', action: '*' },
    ],
    onCall(call, session): CallFate {
      const { action } = call
      const mode = schemaModeOf(settings(), call)
      if (mode === 'off' || !(isActionName(action) || isActionName201(action))) return forward
      const violation = check(session, action, 'call', call.payload)
      if (violation !== null) tell(violation, action, 'call', call.direction, mode, session)
      if (violation === null || mode === 'report') {
        return { kind: 'forward', answered: answered(action, call, session) }
      }
      return answerError(violation.code, describe(violation))
    },
  }
}

type Check = (
  session: UseCaseSession,
  action: AnyActionName,
  part: MessagePart,
  payload: Payload,
) => (Omit<SchemaViolation, 'code'> & { readonly code: ErrorCode | ErrorCode201 }) | null

/** Null also for an action that the version does not have: whoever it is for says so. */
function checkOf({ schemas, schemas201 }: MessageSchemaDeps): Check {
  return ({ facts }, action, part, payload) => {
    switch (facts.protocol) {
      case 'ocpp1.6':
        return isActionName(action) ? schemas.check(action, part, payload) : null
      case 'ocpp2.0.1': {
        const violation = isActionName201(action) ? schemas201.check(action, part, payload) : null
        return violation === null ? null : { ...violation, code: errorCode201(violation.code) }
      }
      default:
        return facts.protocol satisfies never
    }
  }
}

function describe({ path, problem }: Pick<SchemaViolation, 'path' | 'problem'>): string {
  return path === '' ? problem : `${path} ${problem}`
}

type Tell = (
  violation: NonNullable<ReturnType<Check>>,
  action: AnyActionName,
  part: MessagePart,
  /** Of the message that is wrong. */
  direction: Direction,
  mode: Exclude<Mode, 'off'>,
  session: UseCaseSession,
) => void

/**
 * Counts every violation and logs each kind of it once a minute: a fleet of one make breaks the same
 * rule ten thousand times, and the log should say what it is and not how often.
 */
function violationTeller({ metrics, log, now }: MessageSchemaDeps): Tell {
  const repeats = new Repeats(60_000, 1_000)
  return (violation, action, part, direction, mode, session) => {
    const from = sides[direction]
    metrics.schemaViolations.inc({ direction: from, action, mode })
    const { code } = violation
    const problem = describe(violation)
    const unsaid = repeats.say(`${from}\n${action}\n${part}\n${mode}\n${problem}`, now())
    if (unsaid === null) return
    const { identity } = session.facts
    log.warn({ identity, direction: from, action, part, mode, code, problem, unsaid }, 'breaks the schema')
  }
}

const sides = {
  'to-central-system': 'from_charge_point',
  'to-charge-point': 'from_central_system',
} as const satisfies Record<Direction, MetricDirection>

function opposite(direction: Direction): Direction {
  return direction === 'to-charge-point' ? 'to-central-system' : 'to-charge-point'
}
