import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { rejection } from '../store/contract/rejections.ts'

const program = fileURLToPath(new URL('./store-commands.ts', import.meta.url))

function setUp(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-cli-'))
  const path = join(folder, 'proxy.db')
  const store = openSqliteStore(path)
  context.after(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const start = (...words: string[]) => {
    const child = spawn(process.execPath, [program, ...words, '--store', path], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    context.after(() => child.kill('SIGKILL'))
    child.stderr.setEncoding('utf8').on('data', (text: string) => context.diagnostic(text))
    return { child, exited: once(child, 'exit') }
  }
  return { store, start }
}

test('tail --follow sees what the proxy writes, and ends with 0 on a signal', async (context) => {
  const { store, start } = setUp(context)
  await store.rejections.append([rejection({ detail: 'before' })])
  const { child, exited } = start('rejections', 'tail', '--follow', '--json')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextDetail = async () => JSON.parse((await lines.next()).value ?? 'null')?.detail
  assert.equal(await nextDetail(), 'before')
  await store.rejections.append([rejection({ detail: 'after' })])
  assert.equal(await nextDetail(), 'after')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
})

test('a reader that has seen enough is no failure', async (context) => {
  const { store, start } = setUp(context)
  await store.registry.addAll(Array.from({ length: 5000 }, (_, i) => ({ identity: `CP${i}`, fields: {} })))
  const { child, exited } = start('charge-points', 'list', '--json')
  await once(child.stdout, 'data')
  child.stdout.destroy()
  assert.deepEqual(await exited, [0, null])
})

test('[A00.FR.205] a password comes through a pipe', async (context) => {
  const { store, start } = setUp(context)
  await store.registry.add('CP1', {})
  const { child, exited } = start('credentials', 'set', 'CP1')
  child.stdin.end('sixteen letters!\n')
  assert.deepEqual(await exited, [0, null])
  assert.equal((await store.registry.get('CP1'))?.credential?.scheme, 'scrypt')
})

test('a fleet comes through a pipe', async (context) => {
  const { store, start } = setUp(context)
  const { child, exited } = start('charge-points', 'import', '-')
  child.stdin.end('identity,serialNumber\nCP1,S1\n')
  assert.deepEqual(await exited, [0, null])
  assert.equal((await store.registry.get('CP1'))?.serialNumber, 'S1')
})
