import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProxyEvent } from '../../../src/events/proxy-event.ts'
import { createLogger } from '../../../src/observe/log.ts'
import type { Payload } from '../../../src/ocpp/message.ts'
import { createMessageSchemas } from '../../../src/ocpp/message-schemas.ts'
import type { UseCase } from '../../../src/relay/use-case.ts'
import { createSignCertificateRejection } from '../../../src/usecases/security-messages/certificate.ts'
import { createStatusMessages } from '../../../src/usecases/security-messages/security-messages.ts'
import { fakeSession } from '../../support/fake-session.ts'

const schemas = createMessageSchemas()

function parts(mode: 'answer' | 'forward' = 'answer') {
  const events: ProxyEvent[] = []
  const lines: string[] = []
  const clock = { now: 0 }
  const log = createLogger('info', { write: (line) => lines.push(line) })
  return {
    events,
    lines,
    clock,
    statuses: createStatusMessages({ mode: () => mode, schemas, log }),
    certificate: createSignCertificateRejection({
      mode: () => mode,
      schemas,
      note: (event) => events.push(event),
      now: () => clock.now,
    }),
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

test('[A02.FR.12][A03.FR.12] without an authority SignCertificate is Rejected, and that is an event', () => {
  const { certificate, events } = parts()
  assert.deepEqual(send(certificate, 'SignCertificate', { csr: 'PEM' }), result({ status: 'Rejected' }))
  assert.equal(events.length, 1)
  assert.partialDeepStrictEqual(events[0], { type: 'SignCertificateRejected', identity: 'CP1' })
  assert.match(events[0]?.techInfo ?? '', /A02\.FR\.12/)
})

test('[CWE-770] a charge point that asks again at once makes one event a minute', () => {
  const { certificate, events, clock } = parts()
  for (let count = 0; count < 3; count += 1) {
    assert.deepEqual(send(certificate, 'SignCertificate', { csr: 'PEM' }), result({ status: 'Rejected' }))
  }
  assert.equal(events.length, 1)
  clock.now = 60_000
  send(certificate, 'SignCertificate', { csr: 'PEM' })
  assert.match(events[1]?.techInfo ?? '', /and 2 times since/)
})

test('[OCPP-J 4.2.3] a malformed SignCertificate is answered with its CALLERROR and is no event', () => {
  const { certificate, events } = parts()
  const cases: [Payload, string][] = [
    [{}, 'OccurenceConstraintViolation'],
    [{ csr: 1 }, 'TypeConstraintViolation'],
    [{ csr: 'x'.repeat(5501) }, 'PropertyConstraintViolation'],
    [{ csr: 'x', type: 'y' }, 'FormationViolation'],
  ]
  for (const [payload, code] of cases) {
    assert.partialDeepStrictEqual(send(certificate, 'SignCertificate', payload), error(code))
  }
  assert.deepEqual(events, [])
})

for (const [action, status] of [
  ['LogStatusNotification', 'Uploading'],
  ['SignedFirmwareStatusNotification', 'Installed'],
] as const) {
  test(`[N01.FR.01][L01.FR.01] ${action} is confirmed and logged`, () => {
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
  const { statuses, certificate, events, lines } = parts('forward')
  assert.deepEqual(send(statuses, 'LogStatusNotification', {}), { kind: 'forward' })
  assert.deepEqual(send(statuses, 'SignedFirmwareStatusNotification', {}), { kind: 'forward' })
  assert.deepEqual(send(certificate, 'SignCertificate', {}), { kind: 'forward' })
  assert.deepEqual([...events, ...lines], [])
})
