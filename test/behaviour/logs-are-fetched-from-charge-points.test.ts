import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LogFault } from '../../src/simulator/log-commands.ts'
import { startFileServer } from '../support/file-server.ts'
import { cliOf } from '../support/log-commands.ts'
import { startLogProxy } from '../support/log-proxy.ts'

test('[N01.FR.01] a log is asked for, listed and downloaded by commands, from every security profile', async (t) => {
  const { proxy, boss, logs } = await startLogProxy(t)
  const { key, chain } = await proxy.pki.cpo.chargePoint({ cn: 'SN of CP-3' })
  const cli = cliOf(proxy, boss)
  const ways = {
    'CP-1': () => proxy.chargePoint('basic-auth'),
    'CP-2': () => proxy.chargePoint('basic-auth-tls', { identity: 'CP-2', logBehaviour: { method: 'POST' } }),
    // Its upload client shows no certificate: the token is the proof.
    'CP-3': () => proxy.withCertificate({ key, chain }, { identity: 'CP-3' }),
  }
  for (const [identity, way] of Object.entries(ways)) {
    await proxy.register(identity)
    const chargePoint = way()
    await chargePoint.connect()
    await chargePoint.boot()
    const type = identity === 'CP-2' ? 'DiagnosticsLog' : 'SecurityLog'
    const got = await cli('log', 'get', identity, '--type', type, '--json')
    assert.equal(got.exitCode, 0, got.err)
    assert.partialDeepStrictEqual(JSON.parse(got.out), { identity, ok: true })
    const [row] = await logs(identity)
    assert.partialDeepStrictEqual(row, { status: 'Uploaded', answer: 'Accepted', origin: 'operator' })
    const file = join(proxy.pki.folder, `${identity}.log`)
    const saved = await cli('log', 'download', identity, file)
    assert.equal(saved.exitCode, 0, saved.err)
    assert.match(readFileSync(file, 'utf8'), new RegExp(`^${type} of ${identity}\n`))
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(chargePoint.unsolicited.list(), ['GetLog'])
    await chargePoint.close()
  }
  const listed = await cli('log', 'list', 'CP-1')
  assert.match(listed.out, /^log +type +asked by +answer +status +bytes +received\n/)
  assert.equal(listed.out.split('\n').length, 3)
  const [newest] = await logs()
  const again = await cli(
    'log',
    'download',
    'CP-1',
    join(proxy.pki.folder, 'CP-1.log'),
    '--log',
    newest?.id ?? '',
  )
  assert.equal(again.exitCode, 1)
  assert.match(again.err, /is not written/)
  assert.match(readFileSync(join(proxy.pki.folder, 'CP-1.log'), 'utf8'), /SecurityLog/)
  const missing = join(proxy.pki.folder, 'none.log')
  assert.equal((await cli('log', 'download', 'CP-1', missing, '--log', '../../x')).exitCode, 1)
  assert.equal(existsSync(missing), false)
  assert.deepEqual(proxy.central.foreign(), [], 'the central system saw nothing of it')
  assert.deepEqual(await proxy.rejections(), [])
})

const endings: readonly (readonly [LogFault, string, Readonly<Record<string, unknown>>])[] = [
  ['refuse', 'refused', { answer: 'Rejected', status: null }],
  ['not-supported', 'not_supported', { answer: 'failed', status: null }],
  ['error', 'no_answer', { answer: null, status: null }],
  ['upload-failure', 'upload_failed', { answer: 'Accepted', status: 'UploadFailure' }],
  ['bad-message', 'upload_failed', { answer: 'Accepted', status: 'BadMessage' }],
  ['permission-denied', 'upload_failed', { answer: 'Accepted', status: 'PermissionDenied' }],
  ['pretend', 'not_verified', { answer: 'Accepted', status: 'Uploaded' }],
]

test('[N01.FR.01] every way in which it fails is told, and kept', async (t) => {
  const { proxy, boss, logs } = await startLogProxy(t)
  await proxy.register('CP-1')
  const chargePoint = proxy.chargePoint('basic-auth-tls')
  await chargePoint.connect()
  await chargePoint.boot()
  const path = '/charge-points/CP-1/logs'
  for (const [getLog, code, row] of endings) {
    chargePoint.behaveAboutLogs({ getLog })
    const { status, body } = await boss.ask(proxy, 'POST', path, { logType: 'SecurityLog' })
    assert.deepEqual([status, body.code], [409, code], getLog)
    assert.partialDeepStrictEqual((await logs())[0], { ...row, upload: null }, getLog)
  }
  chargePoint.behaveAboutLogs({ getLog: 'silent' })
  const silent = await boss.ask(proxy, 'POST', path, { logType: 'SecurityLog', timeoutSeconds: 1 })
  assert.equal(silent.body.code, 'no_answer')
  await chargePoint.close()
  const gone = await boss.ask(proxy, 'POST', path, { logType: 'SecurityLog' })
  assert.equal(gone.body.code, 'not_connected')
  for (const body of [{}, { logType: 'Other' }, { logType: 'SecurityLog', from: 'yesterday' }])
    assert.ok([400, 422].includes((await boss.ask(proxy, 'POST', path, body)).status))
  assert.deepEqual(proxy.central.foreign(), [])
})

test('[N01.FR.11] a second request ends the upload of the first, and what comes later is kept', async (t) => {
  const { proxy, boss, logs } = await startLogProxy(t)
  await proxy.register('CP-1')
  const chargePoint = proxy.chargePoint('basic-auth-tls', {
    logBehaviour: { getLog: 'slow', pauseMs: 60_000 },
  })
  await chargePoint.connect()
  await chargePoint.boot()
  const path = '/charge-points/CP-1/logs'
  const ask = (more: object) => boss.ask(proxy, 'POST', path, { logType: 'SecurityLog', ...more })
  const uploading = proxy.log.wait(
    'Uploading',
    ({ msg, status }) => msg === 'status of a charge point' && status === 'Uploading',
  )
  assert.equal((await ask({ wait: false })).status, 200)
  await uploading
  chargePoint.behaveAboutLogs({ getLog: 'obey' })
  assert.equal((await ask({})).status, 200)
  const [second, first] = await logs()
  assert.partialDeepStrictEqual(first, { answer: 'Accepted', status: 'AcceptedCanceled', upload: null })
  assert.partialDeepStrictEqual(second, { answer: 'AcceptedCanceled', status: 'Uploaded' })
  chargePoint.behaveAboutLogs({ getLog: 'mute' })
  const mute = await ask({ timeoutSeconds: 1 })
  assert.match(String(mute.body.detail), /bytes are here|has not uploaded yet/)
})

test('[N01.FR.01] without a URL to upload to, or a folder, nothing is sent', async (t) => {
  const { proxy, boss, logs } = await startLogProxy(t)
  await proxy.register('CP-1')
  const chargePoint = proxy.chargePoint('basic-auth-tls')
  await chargePoint.connect()
  await chargePoint.boot()
  assert.equal(await proxy.reload({}), 'reloaded')
  const { status, body } = await boss.ask(proxy, 'POST', '/charge-points/CP-1/logs', {
    logType: 'SecurityLog',
  })
  assert.deepEqual([status, body.code], [409, 'prerequisite'])
  assert.match(String(body.detail), /logUploadUrl/)
  assert.deepEqual(chargePoint.unsolicited.list(), [])

  await t.test(
    '[TC_079_CSMS][N01.FR.01] to a place that the operator names it goes all the same',
    async (t) => {
      const files = await startFileServer(t, (_request, response) => response.end())
      const cli = cliOf(proxy, boss)
      const get = (location: string) => cli('log', 'get', 'CP-1', '--location', location)
      const got = await get(`${files.url}/in/`)
      assert.equal(got.exitCode, 0, got.err)
      assert.match(got.out, /reported Uploaded .*to the place that it was given/)
      assert.match(String(files.seen[0]?.url), /^\/in\//)
      assert.partialDeepStrictEqual((await logs())[0], {
        answer: 'Accepted',
        status: 'Uploaded',
        upload: null,
      })
      assert.equal((await get('file:///etc')).exitCode, 2)
      const wrong = { logType: 'SecurityLog', location: 'nowhere' }
      assert.equal((await boss.ask(proxy, 'POST', '/charge-points/CP-1/logs', wrong)).status, 422)
    },
  )
})
