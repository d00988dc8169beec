import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Reloader } from '../../../src/cli/serve/reloader.ts'
import { loadConfig } from '../../../src/config/load.ts'

const text = `
edition: 3
cpo: { names: [Example CPO] }
listeners:
  - { name: plain, address: 127.0.0.1:0, securityProfile: 1 }
centralSystem: { url: ws://127.0.0.1:9/ocpp }
store: { sqlite: proxy.db }
admin: { address: 127.0.0.1:0 }
`

/** A reloader of a real file; `during` is called while the configuration is taken. */
function setting(t: TestContext, during: () => boolean = () => true) {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-reload-'))
  const path = join(folder, 'proxy.yaml')
  writeFileSync(path, text)
  const loaded = loadConfig(path, { env: {} })
  assert.ok(loaded.ok)
  const done: string[] = []
  const causes: string[] = []
  const reloader = new Reloader({
    store: {},
    loaded,
    app: {
      reload: async ({ config }) => {
        done.push(`reload ${config.cpo.names.join()}`)
        return during()
      },
      refresh: async () => void done.push('refresh'),
      reloadFailed: () => void done.push('failed'),
    },
    log: { info: (fields: object) => void causes.push(String(Reflect.get(fields, 'cause'))) } as never,
    started: Promise.resolve(),
  })
  t.after(() => {
    reloader.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const rename = (name: string) => writeFileSync(path, text.replace('Example CPO', name))
  return { path, rename, reloader, done, causes }
}

test('a signal for what is in use already changes nothing, and reads the lists again', async (t) => {
  const { path, rename, reloader, done } = setting(t)
  await reloader.reload('SIGHUP')
  await reloader.reload('SIGHUP')
  // Touched, or replaced by the same: what counts is what is in it.
  utimesSync(path, 1, 1)
  await reloader.reload('SIGHUP')
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
  await reloader.reload('SIGHUP')
  assert.deepEqual(done.splice(0), ['reload Example CPO', 'refresh', 'refresh', 'refresh'])
  rename('Other CPO')
  await reloader.reload('SIGHUP')
  await reloader.reload('SIGHUP')
  rename('Example CPO')
  await reloader.reload('SIGHUP')
  assert.deepEqual(done, ['reload Other CPO', 'refresh', 'reload Example CPO'])
})

test('the watcher and a signal for one change make one reload', async (t) => {
  const { path, rename, reloader, done, causes } = setting(t)
  await reloader.watch()
  await reloader.reload('SIGHUP')
  rename('Other CPO')
  while (!causes.includes(path)) await new Promise((resolve) => setTimeout(resolve, 10))
  await reloader.reload('SIGHUP')
  assert.deepEqual(done, ['reload Example CPO', 'reload Other CPO', 'refresh'])
})

test('what changes while it is taken, to and fro as well, is taken once more', async (t) => {
  const changes: (() => void)[] = []
  const { path, rename, reloader, done } = setting(t, () => {
    changes.shift()?.()
    return true
  })
  changes.push(() => rename('Other CPO'))
  await reloader.reload('SIGHUP')
  await reloader.reload('SIGHUP')
  changes.push(() => {
    appendFileSync(path, '# and away\n')
    rename('Third CPO')
  })
  rename('Third CPO')
  // A clock of files may be as coarse as some milliseconds: the two are written at times that differ.
  utimesSync(path, 1, 1)
  await reloader.reload('SIGHUP')
  await reloader.reload('SIGHUP')
  await reloader.reload('SIGHUP')
  assert.deepEqual(done, [
    'reload Example CPO',
    'reload Other CPO',
    'reload Third CPO',
    'reload Third CPO',
    'refresh',
  ])
})

test('what was refused is tried again, and so is what was in use before', async (t) => {
  const results = [true, false, false]
  const { path, rename, reloader, done } = setting(t, () => results.shift() ?? true)
  await reloader.reload('SIGHUP')
  rename('Other CPO')
  await reloader.reload('SIGHUP')
  await reloader.reload('SIGHUP')
  writeFileSync(path, 'edition: 9\n')
  await reloader.reload('SIGHUP')
  writeFileSync(path, text)
  await reloader.reload('SIGHUP')
  assert.deepEqual(done, [
    'reload Example CPO',
    'reload Other CPO',
    'reload Other CPO',
    'failed',
    'reload Example CPO',
  ])
})
