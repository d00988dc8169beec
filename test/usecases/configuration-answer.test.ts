import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Payload } from '../../src/ocpp/message.ts'
import type { Answer, AnswerFate, Call } from '../../src/relay/use-case.ts'
import { configurationAnswer } from '../../src/usecases/configuration-answer.ts'
import { fakeSession } from '../support/fake-session.ts'

/** What the central system hears of this answer of a charge point. */
function heard(answer: Answer | null, action = 'GetConfiguration'): AnswerFate {
  const useCase = configurationAnswer()
  const call: Call = { direction: 'to-charge-point', id: '1', action, payload: {} }
  const fate = useCase.onCall?.(call, fakeSession())
  assert.ok(fate !== undefined && 'kind' in fate && fate.kind === 'forward', 'the CALL goes on')
  const result = fate.answered?.(answer) ?? { kind: 'forward' }
  assert.ok('kind' in result)
  return result
}
const result = (payload: Payload): Answer => ({ kind: 'result', payload })

test('[A01.FR.09] a password that a charge point tells does not reach the central system', () => {
  const interval = { key: 'HeartbeatInterval', readonly: false, value: '60' }
  for (const key of ['AuthorizationKey', 'authorizationkey', ' AUTHORIZATIONKEY ']) {
    for (const value of ['0011aabb', ['0011aabb'], { text: '0011aabb' }, 11]) {
      const leaky = { key, readonly: false, value, vendor: 'x' }
      const fate = heard(result({ configurationKey: [interval, leaky, 7, null], unknownKey: ['y'] }))
      assert.deepEqual(fate, {
        kind: 'replace',
        answer: result({
          configurationKey: [interval, { ...leaky, value: '***' }, 7, null],
          unknownKey: ['y'],
        }),
      })
    }
  }
})

test('[A01.FR.09] an answer that tells none goes on as the bytes that came', () => {
  const answers: (Answer | null)[] = [
    null,
    { kind: 'error', code: 'InternalError', description: 'AuthorizationKey', details: {} },
    result({}),
    result({ configurationKey: 'AuthorizationKey' }),
    result({
      configurationKey: [
        { key: 'AuthorizationKey', readonly: false },
        { key: 7, value: 'x' },
      ],
    }),
    result({ configurationKey: [{ key: 'AuthorizationKey', readonly: false, value: '' }] }),
    result({ configurationKey: [{ key: 'AuthorizationKeyLength', readonly: true, value: '20' }] }),
  ]
  for (const answer of answers) assert.deepEqual(heard(answer), { kind: 'forward' })
  const other = result({ configurationKey: [{ key: 'AuthorizationKey', value: 'x' }] })
  assert.deepEqual(heard(other, 'DataTransfer'), { kind: 'forward' })
})
