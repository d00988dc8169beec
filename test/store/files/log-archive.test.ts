import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { openLogArchive } from '../../../src/store/files/log-archive.ts'
import { archiveSetting, claimed, request, write } from './archive.ts'

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

test('[N01.FR.01] a log is uploaded once, and read byte by byte, also after a restart', async (t) => {
  const { archive, folder, again } = archiveSetting(t)
  const { record, token } = await archive.begin(request)
  const claim = await claimed(again(), token)
  await write(claim, 'the log')
  assert.equal(await claim.finish('text/plain'), true)
  assert.equal(await archive.claim(token), null)
  const sha256 = createHash('sha256').update('the log').digest('hex')
  const [listed] = await again().list('CP1')
  assert.partialDeepStrictEqual(listed, {
    id: record.id,
    upload: { bytes: 7, sha256, contentType: 'text/plain' },
  })
  const opened = await again().open('CP1', record.id)
  assert.equal(opened && (await text(opened.body)), 'the log')
  for (const file of filesOf(folder)) {
    assert.equal(statSync(file).mode & 0o077, 0, file)
    assert.ok(!readFileSync(file, 'utf8').includes(token), 'the token is on disk')
  }
})

test('[N01.FR.01] what was answered and reported is kept over a restart, and found by its request id', async (t) => {
  const { archive, again } = archiveSetting(t)
  const { record } = await archive.begin({ ...request, origin: 'central-system' })
  await Promise.all([
    archive.note('CP1', record.requestId, { answer: 'Accepted', fileName: 'a.log' }),
    archive.note('CP1', record.requestId, { status: 'Uploading' }),
  ])
  const found = await again().find('CP1', record.requestId)
  assert.partialDeepStrictEqual(found, {
    answer: 'Accepted',
    fileName: 'a.log',
    status: 'Uploading',
    upload: null,
  })
  assert.equal(await archive.find('CP2', record.requestId), null)
  assert.equal(await archive.note('CP1', record.requestId + 1, { status: 'Uploaded' }), null)
})

test('[CWE-22] identities and ids lead nowhere but into the folder', async (t) => {
  const { archive, folder } = archiveSetting(t)
  const names = ['../../etc', '..', 'a/b', 'A', 'a', 'ü', 'x'.repeat(255), 'a\\b', 'tokens']
  for (const identity of names) {
    const { record } = await archive.begin({ ...request, identity })
    assert.equal((await archive.list(identity))[0]?.id, record.id)
    assert.equal((await archive.list(identity)).length, 1)
  }
  const folders = readdirSync(folder).filter((name) => name !== 'tokens')
  assert.equal(folders.length, names.length)
  for (const name of folders) assert.match(name, /^cp-[A-Za-z0-9_-]{1,40}-[0-9a-f]{16}$/)
  for (const id of ['..', '../tokens/a', '1-1/../../a', '', '1-1.json'])
    assert.equal(await archive.open('a', id), null)
  assert.equal(await archive.claim('../cp'), null)
})

test('[CWE-770] one upload at a time; one that is cut off leaves nothing and may be tried again', async (t) => {
  const { archive, folder, again } = archiveSetting(t)
  const { token } = await archive.begin(request)
  const claim = await claimed(archive, token)
  claim.sink.write('half')
  assert.equal(await archive.claim(token), 'busy')
  assert.equal(await again().claim(token), 'busy', 'another replica')
  await claim.release()
  assert.deepEqual(
    filesOf(folder).filter((name) => /part|log$/.test(name)),
    [],
  )
  const second = await claimed(archive, token)
  await write(second, 'whole')
  assert.equal(await second.finish(null), true)
})

test('[CWE-770] what a killed process has left is not in the way for ever', async (t) => {
  const { archive, folder, again, clock } = archiveSetting(t)
  const { token } = await archive.begin(request)
  const claim = await claimed(archive, token)
  t.after(() => claim.release())
  const part = filesOf(folder).find((name) => name.endsWith('.part')) ?? ''
  const old = (clock.now - 130_000) / 1000
  utimesSync(part, old, old)
  const other = await claimed(again(), token)
  await write(other, 'whole')
  assert.equal(await other.finish(null), true)
})

test('[CWE-770] bytes in all are bounded, in the middle of an upload and before it', async (t) => {
  const { archive, clock } = archiveSetting(t, { maxTotalBytes: 100, keep: 2 })
  const first = await archive.begin(request)
  const claim = await claimed(archive, first.token)
  await assert.rejects(write(claim, 'x'.repeat(101)), { code: 'LOGS_FULL' })
  await claim.release()
  const again = await claimed(archive, first.token)
  await write(again, 'x'.repeat(100))
  await again.finish(null)
  clock.now += 1
  const second = await archive.begin(request)
  assert.equal(await archive.claim(second.token), 'full')
  clock.now += 1
  // The oldest goes for the third, and with it its bytes.
  const third = await archive.begin(request)
  const last = await claimed(archive, third.token)
  await last.release()
})

test('[CWE-770] the oldest requests of a charge point go, and their URLs with them', async (t) => {
  const { archive, clock } = archiveSetting(t, { keep: 3 })
  const tokens: string[] = []
  for (let count = 0; count < 5; count += 1) {
    clock.now += 1
    tokens.push((await archive.begin(request)).token)
  }
  assert.equal((await archive.list('CP1')).length, 3)
  assert.equal(await archive.claim(tokens[0] ?? ''), null)
  await (await claimed(archive, tokens[4] ?? '')).release()
})

test('[CWE-770] a central system that asks again and again pushes out its own requests, and no log of an operator', async (t) => {
  const { archive, clock } = archiveSetting(t, { keep: 3 })
  const asked = async (origin: 'operator' | 'central-system') => {
    clock.now += 1
    return (await archive.begin({ ...request, origin })).record.requestId
  }
  const logs = [await asked('operator'), await asked('operator')]
  for (let count = 0; count < 4; count += 1) logs[2] = await asked('central-system')
  const kept = async () => (await archive.list('CP1')).map(({ requestId }) => requestId).toReversed()
  assert.deepEqual(await kept(), logs)
  const newer = await asked('operator')
  assert.deepEqual(await kept(), [...logs.slice(1), newer], 'an operator takes the place of the oldest')
})

test('[CWE-770] age and time of the URL end both', async (t) => {
  const { archive, folder, clock } = archiveSetting(t)
  const { token } = await archive.begin(request)
  clock.now += 3_600_001
  assert.equal(await archive.claim(token), null)
  await archive.prune()
  assert.deepEqual(readdirSync(join(folder, 'tokens')), [])
  assert.equal((await archive.list('CP1')).length, 1)
  clock.now += 86_400_000
  await archive.prune()
  assert.deepEqual(filesOf(folder), [])
})

test('[N01.FR.01] a request that was refused takes no upload; one that was removed meanwhile keeps none', async (t) => {
  const { archive, clock } = archiveSetting(t, { keep: 1 })
  const refused = await archive.begin(request)
  await archive.note('CP1', refused.record.requestId, { answer: 'Rejected' })
  assert.equal(await archive.claim(refused.token), null)
  clock.now += 1
  const removed = await archive.begin(request)
  const claim = await claimed(archive, removed.token)
  await write(claim, 'late')
  clock.now += 1
  await archive.begin(request)
  assert.equal(await claim.finish(null), false)
  assert.equal((await archive.list('CP1'))[0]?.upload, null)
})

test('damaged files are no request, and a folder that cannot be made says so', async (t) => {
  const { archive, folder } = archiveSetting(t)
  const { record } = await archive.begin(request)
  const [file = ''] = filesOf(folder).filter((name) => name.endsWith(`${record.id}.json`))
  writeFileSync(file, '{')
  assert.deepEqual(await archive.list('CP1'), [])
  mkdirSync(join(folder, 'cp-foreign'))
  await archive.prune()
  const settings = () => ({ keep: 1, age: 1, openFor: 1, timeout: 1, maxTotalBytes: 1 })
  assert.throws(() => openLogArchive(join(file, 'below'), { settings, now: Date.now }), {
    code: 'logs_cannot_open',
  })
})
