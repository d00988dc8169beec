import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FileSink } from '../../../src/events/sinks/file.ts'
import { securityEvent } from '../../support/memory-events.ts'
import { keepFile } from '../../support/transcript.ts'

function setting(context: TestContext, config: { maxSize?: number; keep?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'file-sink-'))
  const path = join(folder, 'logs', 'events.jsonl')
  const open = () => new FileSink({ path, maxSize: 1_000_000, keep: 2, ...config })
  const sink = open()
  context.after(async () => {
    await sink.close()
    keepFile('sink', path)
    rmSync(folder, { recursive: true, force: true })
  })
  return { folder, path, open, sink }
}

const record = (id: number) => ({ id, ...securityEvent() })
const idsOf = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).id)

test('JSON lines, readable by the owner only', async (context) => {
  const { path, sink } = setting(context)
  assert.deepEqual(await sink.send([record(1), record(2)]), { kind: 'delivered' })
  assert.deepEqual(idsOf(path), [1, 2])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8').split('\n')[0] ?? ''), {
    id: 1,
    storedAt: '2026-01-02T03:04:05.000Z',
    origin: 'charge-point',
    type: 'SettingSystemTime',
    identity: 'CP1',
    timestamp: '2026-01-02T03:04:05Z',
    techInfo: null,
    reason: null,
    listener: 'test',
    address: '192.0.2.1',
  })
})

test('[principle 4] half a line that a killed process left is cut off', async (context) => {
  const { path, sink, open } = setting(context)
  await sink.send([record(1)])
  await sink.close()
  appendFileSync(path, '{"id":2,"stor')
  chmodSync(path, 0o644)
  const next = open()
  await next.send([record(2)])
  await next.close()
  assert.deepEqual(idsOf(path), [1, 2])
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('what is no line of ours is left alone', async (context) => {
  const { folder, path, sink } = setting(context)
  mkdirSync(join(folder, 'logs'))
  writeFileSync(path, 'x'.repeat(70_000))
  await sink.send([record(1)])
  const text = readFileSync(path, 'utf8')
  assert.match(text, /^x{70000}\n\{"id":1,/)
})

test('[principle 5] rotated by size, and only so many are kept', async (context) => {
  const { path, sink } = setting(context, { maxSize: 500, keep: 2 })
  for (let id = 1; id <= 9; id += 1) assert.equal((await sink.send([record(id)])).kind, 'delivered')
  const files = ['', '.1', '.2', '.3'].map((end) => `${path}${end}`)
  assert.deepEqual(files.map(existsSync), [true, true, true, false])
  const ids = files.slice(0, 3).toReversed().flatMap(idsOf)
  assert.deepEqual(ids, [9, 8, 7, 6, 5].slice(0, ids.length).toReversed(), 'the youngest, in order')
  assert.ok(files.slice(0, 3).every((file) => statSync(file).size <= 500))
})

test('keep: 0 leaves the file only', async (context) => {
  const { path, sink } = setting(context, { maxSize: 100, keep: 0 })
  await sink.send([record(1)])
  await sink.send([record(2)])
  assert.deepEqual(idsOf(path), [2])
  assert.equal(existsSync(`${path}.1`), false)
})

test('[CWE-59] a file that cannot be written is told, and works once it can', async (context) => {
  const { folder, path, sink } = setting(context)
  mkdirSync(join(folder, 'logs'))
  symlinkSync(join(folder, 'elsewhere'), path)
  assert.equal((await sink.send([record(1)])).kind, 'failed')
  assert.equal(existsSync(join(folder, 'elsewhere')), false, 'links are not followed')
  rmSync(path)
  mkdirSync(path)
  assert.equal((await sink.send([record(1)])).kind, 'failed')
  rmSync(path, { recursive: true })
  assert.equal((await sink.send([record(1)])).kind, 'delivered')
})
