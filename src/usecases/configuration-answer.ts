import type { Payload } from '../ocpp/message.ts'
import { type Answer, type AnswerFate, forward, type UseCase } from '../relay/use-case.ts'
import { isKey } from './operation/answer.ts'

/** What a central system reads in place of a password. */
const mask = '***'

/**
 * AuthorizationKey is write-only (A01): a charge point that tells it all the same would put its password
 * into the central system, its logs and its screens. The value is masked; all else stays as it is.
 */
export function configurationAnswer(): UseCase {
  return {
    name: 'configuration-answer',
    watches: [{ direction: 'to-charge-point', action: 'GetConfiguration' }],
    onCall: (call) =>
      // A use case before this one may have made another CALL of it.
      call.action === 'GetConfiguration' ? { kind: 'forward', answered: masked } : forward,
  }
}

function masked(answer: Answer | null): AnswerFate {
  if (answer?.kind !== 'result') return forward
  const { configurationKey } = answer.payload
  if (!Array.isArray(configurationKey) || !configurationKey.some(tellsPassword)) return forward
  const hidden = configurationKey.map((one: unknown) => (tellsPassword(one) ? { ...one, value: mask } : one))
  return {
    kind: 'replace',
    answer: { kind: 'result', payload: { ...answer.payload, configurationKey: hidden } },
  }
}

/** Nothing is told by an absent or an empty value. */
function tellsPassword(entry: unknown): entry is Payload {
  if (typeof entry !== 'object' || entry === null) return false
  const { key, value } = entry as Payload
  if (typeof key !== 'string' || !isKey(key, 'AuthorizationKey')) return false
  return value !== undefined && value !== null && value !== ''
}
