import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createEndpoint, type Endpoint, type EndpointOptions } from '../../src/simulator/endpoint.ts'
import type { SimulatorEvent } from '../../src/simulator/event.ts'
import { createRecentIds } from '../../src/simulator/recent-ids.ts'
import { createTraffic } from '../../src/simulator/traffic.ts'

interface Bench {
  readonly endpoint: Endpoint
  readonly sent: string[]
  readonly events: SimulatorEvent[]
  kinds(): string[]
}

function bench(options: Partial<EndpointOptions> = {}): Bench {
  const sent: string[] = []
  const events: SimulatorEvent[] = []
  let ids = 0
  const endpoint = createEndpoint({
    identity: 'CP-1',
    send: (text) => sent.push(text),
    answer: (call) => ({ kind: 'result', payload: { action: call.action } }),
    onEvent: (event) => events.push(event),
    callTimeoutMs: 60_000,
    maxOutstanding: 1,
    maxQueued: 4,
    newId: () => `${++ids}`,
    ...options,
  })
  return { endpoint, sent, events, kinds: () => events.map(({ kind }) => kind) }
}

test('[OCPP-J 4.1.1] one CALL is outstanding, the others wait in order', async () => {
  const { endpoint, sent } = bench()
  const outcomes = ['A', 'B', 'C'].map((action) => endpoint.call(action, {}))
  assert.deepEqual(sent, ['[2,"1","A",{}]'])
  endpoint.receive('[3,"1",{}]')
  endpoint.receive('[4,"2","GenericError","",{}]')
  endpoint.receive('[3,"3",{"x":1}]')
  assert.equal(sent.length, 3)
  assert.deepEqual(
    (await Promise.all(outcomes)).map(({ kind }) => kind),
    ['result', 'error', 'result'],
  )
  endpoint.close()
})

test('[RFC 6455 5.5.1] it hangs up: nothing goes out any more, and what is open may still be answered', async () => {
  const traffic = createTraffic()
  const { endpoint, sent } = bench({ traffic })
  const [open, waiting] = [endpoint.call('A', {}), endpoint.call('B', {})]
  endpoint.hangUp()
  const late = endpoint.call('C', {})
  assert.deepEqual([(await waiting).kind, (await late).kind], ['closed', 'closed'])
  endpoint.receive('[2,"x","D",{}]')
  endpoint.receive('[3,"1",{}]')
  assert.equal((await open).kind, 'result')
  endpoint.close()
  assert.equal(sent.length, 1)
  assert.partialDeepStrictEqual(traffic.counts(), { sent: 1, results: 1, interrupted: 0, unsent: 1 })
})

test('pipelining: several CALLs are out at once, and answers find theirs in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }), async (order) => {
      const { endpoint, sent } = bench({ maxOutstanding: 6 })
      const outcomes = order.map((_, index) => endpoint.call(`A${index + 1}`, {}))
      assert.equal(sent.length, 6)
      for (const id of order) endpoint.receive(`[3,"${id}",{"id":${id}}]`)
      const results = await Promise.all(outcomes)
      assert.deepEqual(
        results.map((outcome) => outcome.kind === 'result' && outcome.payload.id),
        [1, 2, 3, 4, 5, 6],
      )
    }),
  )
})

test('late, duplicate and unexpected answers are told apart and harm nobody', async () => {
  const { endpoint, kinds } = bench()
  assert.deepEqual(await endpoint.call('A', {}, { timeoutMs: 0 }), { kind: 'timeout' })
  const second = endpoint.call('B', {})
  endpoint.receive('[3,"1",{}]')
  endpoint.receive('[3,"2",{}]')
  assert.equal((await second).kind, 'result')
  endpoint.receive('[3,"2",{}]')
  endpoint.receive('[3,"77",{}]')
  endpoint.receive('[5,"1"]')
  endpoint.receive('nonsense')
  assert.deepEqual(kinds(), [
    'sent',
    'sent',
    'late-answer',
    'received',
    'duplicate-answer',
    'unexpected-answer',
    'invalid-message',
    'invalid-message',
  ])
  endpoint.close()
})

test('the queue is bounded, and close settles whoever waits', async () => {
  const { endpoint, sent } = bench()
  const waiting = ['A', 'B', 'C', 'D', 'E'].map((action) => endpoint.call(action, {}))
  await assert.rejects(endpoint.call('F', {}), { code: 'queue_full' })
  endpoint.close()
  for (const outcome of await Promise.all(waiting)) assert.deepEqual(outcome, { kind: 'closed' })
  assert.deepEqual(await endpoint.call('G', {}), { kind: 'closed' })
  endpoint.receive('[2,"x","A",{}]')
  assert.equal(sent.length, 1)
})

test('CALLs of the peer are answered in order; too many at once are answered with an error', async () => {
  const gate = Promise.withResolvers<void>()
  const { endpoint, sent } = bench({
    answer: async (call) => {
      await gate.promise
      if (call.action === 'B') throw new Error('broken')
      return { kind: 'result', payload: {} }
    },
  })
  const answered = new Promise<void>((resolve) => {
    const poll = (): void => void (sent.length === 5 ? resolve() : setImmediate(poll))
    poll()
  })
  for (const action of ['A', 'B', 'C', 'D', 'E']) endpoint.receive(`[2,"${action}","${action}",{}]`)
  assert.deepEqual(sent, ['[4,"E","GenericError","too many CALLs at once",{}]'])
  gate.resolve()
  await answered
  assert.deepEqual(sent.slice(1), [
    '[3,"A",{}]',
    '[4,"B","InternalError","broken",{}]',
    '[3,"C",{}]',
    '[3,"D",{}]',
  ])
  endpoint.close()
})

test('a CALL that is not one is answered with FormationViolation', () => {
  const { endpoint, sent } = bench()
  endpoint.receive('[2,"1","Heartbeat",[]]')
  assert.deepEqual(sent, ['[4,"1","FormationViolation","the payload of the CALL is not an object",{}]'])
})

test('whatever comes, the endpoint does not throw', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (texts) => {
      const { endpoint } = bench()
      for (const text of texts) endpoint.receive(text)
      endpoint.close()
    }),
  )
})

test('only the last ids are remembered', () => {
  const ids = createRecentIds(2)
  for (const id of ['a', 'b', 'a', 'c']) ids.add(id)
  assert.deepEqual([ids.has('a'), ids.has('b'), ids.has('c')], [true, false, true])
})
