import type { MessagesConfig } from '../config/schema.ts'
import type { Logger } from '../observe/log.ts'
import type { Direction as MetricDirection, Metrics } from '../observe/metrics.ts'
import { type ActionName, isActionName } from '../ocpp/actions.ts'
import type { MessagePart, MessageSchemas, SchemaViolation } from '../ocpp/message-schemas.ts'
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
 * Holds payloads against the schemas of OCPP 1.6, both ways (`messages.schema`). A CALL that breaks
 * them is counted and logged, or answered with a CALLERROR; an answer cannot be answered, and is
 * counted and logged only. Actions that we do not know pass. null: it is off, and nothing is parsed.
 */
export function createMessageSchema(deps: MessageSchemaDeps): UseCase | null {
  const { settings, schemas } = deps
  if (settings().schema === 'off') return null
  const tell = violationTeller(deps)
  const answered = (action: ActionName, call: Call, session: UseCaseSession): Answered => {
    return (answer) => {
      if (answer?.kind !== 'result') return forward
      const violation = schemas.check(action, 'result', answer.payload)
      if (violation !== null) tell(violation, action, 'result', opposite(call.direction), 'report', session)
      return forward
    }
  }
  return {
    name: 'message-schema',
    watches: [
      { direction: 'to-central-system', action: '*' },
      { direction: 'to-charge-point', action: '*' },
    ],
    onCall(call, session): CallFate {
      const { action } = call
      const mode = schemaModeOf(settings(), call)
      if (mode === 'off' || !isActionName(action)) return forward
      const violation = schemas.check(action, 'call', call.payload)
      if (violation !== null) tell(violation, action, 'call', call.direction, mode, session)
      if (violation === null || mode === 'report') {
        return { kind: 'forward', answered: answered(action, call, session) }
      }
      return answerError(violation.code, describe(violation))
    },
  }
}

function describe({ path, problem }: SchemaViolation): string {
  return path === '' ? problem : `${path} ${problem}`
}

type Tell = (
  violation: SchemaViolation,
  action: ActionName,
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
