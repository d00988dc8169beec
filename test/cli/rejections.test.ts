import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rejection } from '../store/contract/rejections.ts'
import { setUp, startTime } from './fake-shell.ts'

const hour = 3_600_000

test('[A00.FR.323] list filters and prints newest first', async (context) => {
  const { run, store } = setUp(context)
  await store().rejections.append([
    rejection({ at: startTime - 3 * hour, identity: 'CP1', reason: 'not_tls', stage: 'tls' }),
    rejection({ at: startTime - hour, identity: 'CP2', address: '192.0.2.9' }),
    rejection({ at: startTime, identity: null, mode: 'report' }),
  ])
  const ids = async (options: string) =>
    (await run(`rejections list --json${options}`)).out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).id)
  assert.deepEqual(await ids(''), [3, 2, 1])
  assert.deepEqual(await ids(' --identity CP1'), [1])
  assert.deepEqual(await ids(' --address 192.0.2.9'), [2])
  assert.deepEqual(await ids(' --reason not_tls'), [1])
  assert.deepEqual(await ids(' --since 1h'), [3, 2])
  assert.deepEqual(await ids(' --limit 1'), [3])
  const { out } = await run('rejections list')
  assert.match(
    out,
    /^ID +TIME .*\n3 +2026-01-02T03:04:05Z +credentials_invalid \(report\) +- +192\.0\.2\.1 .*\n/,
  )
  assert.equal((await run('rejections list --identity none')).out, 'no refusals\n')
})

test('summary counts since a time', async (context) => {
  const { run, store } = setUp(context)
  await store().rejections.append([
    rejection({ at: startTime - 30 * hour }),
    rejection({ at: startTime - hour }),
    rejection({ at: startTime, reason: 'not_tls' }),
    rejection({ at: startTime, reason: 'not_tls' }),
  ])
  assert.match(
    (await run('rejections summary')).out,
    /^COUNT .*\n2 +not_tls +enforce .*\n1 +credentials_invalid .*\n$/,
  )
  assert.deepEqual(
    JSON.parse((await run('rejections summary --since 2d --json')).out).map(
      (line: { count: number }) => line.count,
    ),
    [2, 2],
  )
})

test('[A00.FR.314] explain shows a record in full, with the concrete hint', async (context) => {
  const { run, store } = setUp(context)
  const helloNames = {
    version: 'TLS 1.0',
    cipherSuites: ['TLS_RSA_WITH_AES_128_CBC_SHA'],
    groups: [],
    signatureAlgorithms: null,
  }
  await store().rejections.append([
    rejection({ reason: 'tls_version', stage: 'tls', facts: { helloNames, listener: { legacy: false } } }),
  ])
  const { out } = await run('rejections explain 1')
  assert.match(out, /requirements +A00\.FR\.312/)
  assert.match(out, /hint +This charge point offered TLS 1\.0 at most with TLS_RSA_WITH_AES_128_CBC_SHA only/)
  assert.match(out, /"cipherSuites"/)
  const json = JSON.parse((await run('rejections explain 1 --json')).out)
  assert.match(json.hint, /legacy: false/)
  assert.equal((await run('rejections explain 2')).code, 1)
  assert.equal((await run('rejections explain x')).code, 2)
})

test('[CWE-770] what was counted together is shown with its number', async (context) => {
  const { run, store } = setUp(context)
  const stranger = { stage: 'tcp', reason: 'rate_limited', event: null, identity: null } as const
  await store().rejections.append([rejection(), rejection({ at: startTime, count: 411, ...stranger })])
  await store().rejections.append([rejection({ at: startTime, ...stranger })])
  const lines = (await run('rejections list')).out.split('\n')
  assert.match(lines[0] ?? '', / COUNT +DETAIL$/)
  assert.match(lines[1] ?? '', /^2 .* rate_limited .* 412x +the password is wrong$/)
  assert.match(lines[2] ?? '', /^1 .* credentials_invalid .* - +the password is wrong$/)
  assert.match(
    (await run('rejections explain 2')).out,
    /\ncount +412 within a minute; the time is that of the last\n/,
  )
  assert.match((await run('rejections summary --since 1h')).out, /\n412 +rate_limited /)
  assert.equal(JSON.parse((await run('rejections explain 2 --json')).out).count, 412)
})

test('tail starts with the last ones and follows by cursor', async (context) => {
  const batches = [
    [rejection({ detail: 'third' }), rejection({ detail: 'other', identity: 'CP2' })],
    [],
    [rejection({ detail: 'fourth' })],
  ]
  const turns = { wait: async () => false }
  const { run, store } = setUp(context, () => turns.wait())
  const { rejections } = store()
  turns.wait = async () => {
    const batch = batches.shift()
    if (batch !== undefined) await rejections.append(batch)
    return batch !== undefined
  }
  await rejections.append(['zeroth', 'first', 'second'].map((detail) => rejection({ detail })))
  const { out } = await run('rejections tail --follow --limit 2 --identity CP1 --json')
  const details = out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).detail)
  assert.deepEqual(details, ['first', 'second', 'third', 'fourth'])
  assert.equal(
    (await run('rejections tail --limit 1')).out.match(/\n/g)?.length,
    1,
    'without --follow it ends',
  )
})

test('wrong filters end with 2', async (context) => {
  const { run, store } = setUp(context)
  await store().check()
  for (const options of ['--reason nonsense', '--since 5', '--since yesterday', '--limit x']) {
    assert.equal((await run(`rejections list ${options}`)).code, 2, options)
  }
})
