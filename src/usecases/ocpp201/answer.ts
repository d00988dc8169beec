import { variableStatus } from '../../policy/variables-201.ts'
import type { CallOutcome } from '../../relay/use-case.ts'
import { type ChangeAnswer, readChangeAnswer } from '../operation/answer.ts'

/** Statuses of OCPP 2.0.1 in the words of ChangeConfiguration; what is not here means the same in both. */
const statuses: ReadonlyMap<unknown, string> = new Map([
  ['UnknownComponent', 'NotSupported'],
  ['UnknownVariable', 'NotSupported'],
  ['NotSupportedAttributeType', 'NotSupported'],
  // SetNetworkProfile: it could not be stored.
  ['Failed', 'Rejected'],
])

/** SetVariables.conf about the variables with these folded names; of several the one that was taken counts. */
export function readVariableAnswer(outcome: CallOutcome | null, names: ReadonlySet<string>): ChangeAnswer {
  if (outcome?.kind !== 'result') return readChangeAnswer(outcome)
  const answers = variableStatus(outcome.payload, names).map(answerOf)
  return answers.find(({ kind }) => kind !== 'refused') ?? answers[0] ?? answerOf(undefined)
}

/** SetNetworkProfile.conf. */
export function readProfileAnswer(outcome: CallOutcome | null): ChangeAnswer {
  return outcome?.kind === 'result' ? answerOf(outcome.payload.status) : readChangeAnswer(outcome)
}

function answerOf(status: unknown): ChangeAnswer {
  return readChangeAnswer({ kind: 'result', payload: { status: statuses.get(status) ?? status } })
}
