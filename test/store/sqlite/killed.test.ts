import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { storePath } from './folder.ts'
import { steps } from './steps.ts'

const program = fileURLToPath(new URL('./killed.ts', import.meta.url))

for (const [index, step] of steps.entries()) {
  test(`kill -9 right after a promise is fulfilled loses nothing: ${step.name}`, async (context) => {
    const path = storePath(context)
    const child = spawn(process.execPath, [program, path, String(index + 1)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    const [line] = await Promise.race([once(child.stdout, 'data'), exited])
    child.kill('SIGKILL')
    assert.deepEqual(await exited, [null, 'SIGKILL'])
    assert.equal(String(line).trim(), 'written')

    const store = openSqliteStore(path)
    context.after(() => store.close())
    await step.holds(store)
  })
}
