import assert from 'node:assert/strict'
import { test } from 'node:test'
import { securityEvent } from '../support/memory-events.ts'
import { setUp, startTime } from './fake-shell.ts'

const hour = 3_600_000
const event = (techInfo: string, more: Parameters<typeof securityEvent>[0] = {}) =>
  securityEvent({ at: startTime, techInfo, ...more })

const infos = (out: string) =>
  out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).techInfo)

test('[A04.FR.03] list filters and prints newest first', async (context) => {
  const { run, store } = setUp(context)
  await store().events.append([
    event('a', { at: startTime - 3 * hour }),
    event('b', { at: startTime - hour, identity: 'CP2', type: 'InvalidTLSVersion', origin: 'proxy' }),
    event('c', { identity: null, origin: 'proxy' }),
  ])
  const of = async (options: string) => infos((await run(`events list --json${options}`)).out)
  assert.deepEqual(await of(''), ['c', 'b', 'a'])
  assert.deepEqual(await of(' --identity CP1'), ['a'])
  assert.deepEqual(await of(' --type InvalidTLSVersion'), ['b'])
  assert.deepEqual(await of(' --origin proxy'), ['c', 'b'])
  assert.deepEqual(await of(' --since 1h'), ['c', 'b'])
  assert.deepEqual(await of(' --limit 1'), ['c'])
  const { out } = await run('events list')
  assert.match(out, /^ID +TIME .*\n3 +2026-01-02T03:04:05Z +SettingSystemTime +proxy +- +192\.0\.2\.1 +c\n/)
  assert.equal((await run('events list --identity none')).out, 'no security events\n')
})

test('[CWE-150] what a charge point wrote cannot move the cursor of a terminal', async (context) => {
  const { run, store } = setUp(context)
  await store().events.append([event('\u001b[2J\nforged')])
  for (const command of ['list', 'tail --no-follow']) {
    const { out } = await run(`events ${command}`)
    assert.ok(!out.includes('\u001b') && !out.includes('\nforged'), command)
  }
})

test('tail starts with the last ones and follows', async (context) => {
  const batches = [[event('third'), event('other', { identity: 'CP2' })], [], [event('fourth')]]
  const turns = { wait: async () => false }
  const { run, store } = setUp(context, () => turns.wait())
  const { events } = store()
  turns.wait = async () => {
    const batch = batches.shift()
    if (batch !== undefined && batch.length > 0) await events.append(batch)
    return batch !== undefined
  }
  await events.append(['zeroth', 'first', 'second'].map((text) => event(text)))
  const { out } = await run('events tail --limit 2 --identity CP1 --json')
  assert.deepEqual(infos(out), ['first', 'second', 'third', 'fourth'])
  const since = await run('events tail --since 1h --no-follow --json')
  assert.deepEqual(infos(since.out).length, 6)
})

test('export writes everything, oldest first, as JSON lines or CSV', async (context) => {
  const { run, store } = setUp(context)
  const many = Array.from({ length: 700 }, (_, index) => event(String(index)))
  await store().events.append([...many, event('=HYPERLINK("x")')])
  const { out } = await run('events export')
  assert.deepEqual(
    infos(out).slice(0, 700),
    many.map(({ techInfo }) => techInfo),
  )
  const lines = (await run('events export --format csv')).out.split('\r\n')
  assert.equal(lines[0], 'id,storedAt,origin,type,identity,timestamp,techInfo,reason,listener,address')
  assert.equal(lines.length, 703)
  assert.match(lines[701] ?? '', /,"'=HYPERLINK\(""x""\)",/, 'no formula for a spreadsheet (CWE-1236)')
})

test('wrong options end with 2', async (context) => {
  const { run, store } = setUp(context)
  await store().check()
  for (const options of [
    'list --origin nobody',
    'list --since 5',
    'list --limit x',
    'export --format xml',
    'tail --limit -1',
  ]) {
    assert.equal((await run(`events ${options}`)).code, 2, options)
  }
})
