import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Questions } from '../../../src/app/replicas/questions.ts'
import type { Handler } from '../../../src/app/replicas/wire.ts'
import { ProxyError } from '../../../src/policy/error.ts'
import { Sessions } from '../../../src/relay/sessions.ts'
import { VirtualTime } from './virtual-time.ts'

const claimant = { address: '192.0.2.1', certificate: null }

/** One that asks a replica whose answer is what a test says. */
function asking(answer: () => Promise<unknown>) {
  const time = new VirtualTime()
  const handlers = new Map<string, Handler>()
  const warnings: string[] = []
  const asked: { id: string }[] = []
  const questions = new Questions({
    self: 'a',
    leases: { alive: async () => [true], abandon: async () => {} },
    wire: {
      serve: (what, handler) => void handlers.set(what, handler),
      ask: (_to, _what, body) => {
        asked.push(body as { id: string })
        return answer()
      },
    },
    sessions: new Sessions(),
    log: { warn: (...values: unknown[]) => void warnings.push(String(values[1])) },
    lookMs: 5_000,
    now: () => time.now,
    wait: time.wait,
  })
  const ask = (isWanted = () => true) =>
    questions.ask('b', { identity: 'CP-1', claimant, isWanted, until: time.now + 12_000 })
  const confirm = () => handlers.get('claim-wanted')?.(asked.at(-1))
  return { questions, time, warnings, ask, confirm }
}

const pass = (time: VirtualTime, ms: number) => time.runUntil(time.now + ms, () => {})
const never = () => new Promise<never>(() => {})

test('an owner is believed in what it can say; all else is silence', async () => {
  for (const told of ['free', 'taken', 'crowded', 'left']) {
    assert.equal(await asking(async () => told).ask(), told)
  }
  for (const told of ['granted', 'gone', 'silent', null, { kind: 'free' }]) {
    assert.equal(await asking(async () => told).ask(), 'silent', JSON.stringify(told))
  }
  const failing = asking(() => Promise.reject(new ProxyError('replica_failed', 'proxy', 'broken')))
  assert.equal(await failing.ask(), 'silent')
  assert.equal(failing.warnings.length, 1)
})

test('[CWE-613] it is wanted as long as somebody waits; whoever has said so waits for the end of the session', async () => {
  const { time, ask, confirm } = asking(never)
  let isOver = false
  const answer = ask().finally(() => {
    isOver = true
  })
  await pass(time, 11_900)
  assert.equal(await confirm(), true)
  await pass(time, 5_900)
  assert.equal(isOver, false)
  await pass(time, 300)
  assert.equal(await answer, 'silent')
  assert.equal(await confirm(), false, 'nobody waits any more')
  const other = ask(() => false)
  assert.equal(await confirm(), false, 'its charge point has left')
  await pass(time, 12_000)
  assert.equal(await other, 'silent')
})

test('a process that ends waits for no answer', async () => {
  const { questions, ask } = asking(never)
  const answer = ask()
  questions.close()
  assert.equal(await answer, 'silent')
  assert.equal(await ask(), 'silent', 'nor for one to a later question')
})
