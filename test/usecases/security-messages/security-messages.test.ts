import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '../../../src/observe/log.ts'
import type { Payload } from '../../../src/ocpp/message.ts'
import { createMessageSchemas } from '../../../src/ocpp/message-schemas.ts'
import type { UseCase } from '../../../src/relay/use-case.ts'
import { createStatusMessages } from '../../../src/usecases/security-messages/security-messages.ts'
import { fakeSession } from '../../support/fake-session.ts'

const schemas = createMessageSchemas()

function parts(mode: 'answer' | 'forward' = 'answer') {
  const lines: string[] = []
  const log = createLogger('info', { write: (line) => lines.push(line) })
  return {
    lines,
    statuses: createStatusMessages({ mode: () => mode, schemas, log }),
  }
}

const send = (useCase: UseCase, action: string, payload: Payload) => {
  const isWatched = useCase.watches.some(
    (watch) => watch.action === action && watch.direction === 'to-central-system',
  )
  assert.ok(isWatched, `${action} is not watched`)
  return useCase.onCall?.({ direction: 'to-central-system', id: '1', action, payload }, fakeSession())
}
const result = (payload: Payload) => ({ kind: 'answer', answer: { kind: 'result', payload } })
const error = (code: string) => ({ kind: 'answer', answer: { kind: 'error', code } })

for (const [action, status] of [['LogStatusNotification', 'Uploading']] as const) {
  test(`[N01.FR.01] ${action} is confirmed and logged`, () => {
    const { statuses, lines } = parts()
    assert.deepEqual(send(statuses, action, { status, requestId: 7 }), result({}))
    const line: unknown = JSON.parse(lines[0] ?? '')
    assert.partialDeepStrictEqual(line, { identity: 'CP1', action, status, requestId: 7 })
  })

  test(`[OCPP-J 4.2.3] a malformed ${action} is answered with its CALLERROR, and not logged`, () => {
    const { statuses, lines } = parts()
    assert.partialDeepStrictEqual(send(statuses, action, {}), error('OccurenceConstraintViolation'))
    const fate = send(statuses, action, { status: 'c0ffee' })
    assert.partialDeepStrictEqual(fate, error('PropertyConstraintViolation'))
    assert.doesNotMatch(JSON.stringify(fate), /c0ffee/)
    assert.deepEqual(lines, [])
  })
}

test('[design 6] securityMessages: forward: everything is left to the central system', () => {
  const { statuses, lines } = parts('forward')
  assert.deepEqual(send(statuses, 'LogStatusNotification', {}), { kind: 'forward' })
  assert.deepEqual(lines, [])
})
