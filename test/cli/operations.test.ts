import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setUp as setUpAdmin, token } from '../admin/setting.ts'
import { setUp } from './fake-shell.ts'

/** Commands that ask something of a charge point, against the API of a proxy. */
async function setUpBoth(t: TestContext) {
  const admin = await setUpAdmin(t)
  // The API listens.
  await admin.ask('GET', '/certificates')
  await admin.store.registry.add('CP 1', {})
  const { run } = setUp(t)
  const tokenFile = join(admin.folder, 'token')
  writeFileSync(tokenFile, `${token}\n`)
  const where = ['--config', 'none.yaml', '--admin-url', admin.origin, '--admin-token-file', tokenFile]
  return { ...admin, run: (...words: string[]) => run([...words, ...where]) }
}

test('[A01.FR.02] credentials rotate asks the proxy, and tells how it ended', async (t) => {
  const { run, operations } = await setUpBoth(t)
  const done = await run('credentials', 'rotate', 'CP 1')
  assert.deepEqual([done.code, done.out], [0, 'CP 1: done\n'])
  await run('credentials', 'rotate', 'CP 1', '--no-reset', '--timeout', '7')
  assert.partialDeepStrictEqual(operations.asked, [
    { what: 'rotate', identity: 'CP 1', options: { origin: 'operator', timeoutMs: 60_000, reset: true } },
    { what: 'rotate', identity: 'CP 1', options: { origin: 'operator', timeoutMs: 7_000, reset: false } },
  ])
  operations.outcome = { ok: false, code: 'refused', detail: 'it answered Rejected' }
  const failed = await run('credentials', 'rotate', 'CP 1')
  assert.deepEqual([failed.code, failed.out], [1, ''])
  assert.match(failed.err, /^error: CP 1: it answered Rejected \(refused\)$/m)
  const json = await run('credentials', 'rotate', 'CP 1', '--json')
  assert.equal(json.code, 1)
  assert.deepEqual(JSON.parse(json.out), { identity: 'CP 1', ...operations.outcome })
})

test('[A05.FR.05] charge-points upgrade asks the proxy for the profile', async (t) => {
  const { run, operations } = await setUpBoth(t)
  assert.deepEqual(await run('charge-points', 'upgrade', 'CP 1', '--to', '3'), {
    code: 0,
    out: 'CP 1: done\n',
    err: '',
  })
  assert.partialDeepStrictEqual(operations.asked, [
    { what: 'to 3', identity: 'CP 1', options: { origin: 'operator', timeoutMs: 300_000 } },
  ])
})

test('wrong use ends with 2, and nothing is asked; an unknown charge point and no proxy with 1', async (t) => {
  const { run, operations } = await setUpBoth(t)
  for (const words of [
    ['charge-points', 'upgrade', 'CP 1'],
    ['charge-points', 'upgrade', 'CP 1', '--to', '4'],
    ['charge-points', 'upgrade', 'CP 1', '--to', '2', '--timeout', '601'],
    ['credentials', 'rotate'],
    ['credentials', 'rotate', 'CP 1', '--timeout', 'x'],
  ]) {
    assert.equal((await run(...words)).code, 2, words.join(' '))
  }
  assert.equal(operations.asked.length, 0)
  assert.equal((await run('credentials', 'rotate', 'CP 9')).code, 1)
})

test('[N01.FR.01] log get and campaigns have the same words for the time and the tries', async (t) => {
  const { run, operations } = await setUpBoth(t)
  const from = '2026-11-01T00:00:00Z'
  const to = '2026-11-08T00:00:00Z'
  const get = ['log', 'get', 'CP 1', '--from', from]
  const asked = await run(...get, '--until', to, '--retries', '2', '--retry-interval', '60')
  assert.deepEqual(asked, { code: 0, out: 'CP 1: done\n', err: '' })
  // Its name before.
  assert.equal((await run(...get, '--to', to)).code, 0)
  const times = { from: Date.parse(from), to: Date.parse(to) }
  assert.partialDeepStrictEqual(operations.asked, [
    { identity: 'CP 1', options: { ...times, retries: 2, retryInterval: 60 } },
    { identity: 'CP 1', options: times },
  ])
  // One parser: a date that every reader takes for another one is none.
  for (const words of [
    ['log', 'get', 'CP 1', '--until', '8.11.2026'],
    ['log', 'get', 'CP 1', '--from', '11/01/2026'],
    [...get, '--until', to, '--to', to],
    ['campaign', 'create', 'get-log', '--all', '--log', 'SecurityLog', '--until', '8.11.2026'],
    ['campaign', 'create', 'get-log', '--all', '--until', to],
    ['campaign', 'create', 'get-log', '--all', '--location', 'ftp://files.example/'],
    ['campaign', 'create', 'get-log', '--all', '--log', 'SecurityLog', '--retries', '101'],
    ['campaign', 'create', 'update-firmware', '--all', '--retries', '1'],
  ])
    assert.equal((await run(...words)).code, 2, words.join(' '))
  assert.equal(operations.asked.length, 2)
})
