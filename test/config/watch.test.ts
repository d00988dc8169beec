import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { watchConfig } from '../../src/config/watch.ts'
import { temporaryFolder } from './support.ts'

/** A watcher whose calls can be awaited one after the other. */
async function watching(context: TestContext, paths: readonly string[], pollMs = 60_000) {
  const seen: (readonly string[])[] = []
  let wake = () => {}
  const watcher = await watchConfig(
    paths,
    (changed) => {
      seen.push(changed)
      wake()
    },
    { debounceMs: 5, pollMs },
  )
  context.after(() => watcher.close())
  const next = async (): Promise<readonly string[]> => {
    const first = seen.shift()
    if (first) return first
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    await promise
    return seen.shift() ?? []
  }
  return { watcher, next, seen }
}

test('a file that is written, replaced, removed and made again is a change each time', async (context) => {
  const folder = temporaryFolder(context)
  const file = join(folder, 'proxy.yaml')
  writeFileSync(file, 'a')
  const { next } = await watching(context, [file, join(folder, 'other')])
  // One system call each, so that no look can fall in between.
  const replace = (content: string) => {
    writeFileSync(`${file}.tmp`, content)
    renameSync(`${file}.tmp`, file)
  }
  appendFileSync(file, 'b')
  assert.deepEqual(await next(), [file])
  replace('c')
  assert.deepEqual(await next(), [file])
  rmSync(file)
  assert.deepEqual(await next(), [file])
  replace('d')
  assert.deepEqual(await next(), [file])
})

test("Kubernetes' swap of ..data is a change of every file behind it, again and again", async (context) => {
  const folder = temporaryFolder(context)
  const swap = (version: string) => {
    mkdirSync(join(folder, version))
    writeFileSync(join(folder, version, 'tls.crt'), version)
    writeFileSync(join(folder, version, 'tls.key'), version)
    symlinkSync(version, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  swap('..v1')
  const files = ['tls.crt', 'tls.key'].map((name) => join(folder, name))
  for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(folder, name))
  const { next } = await watching(context, files)
  for (const [version, old] of [
    ['..v2', '..v1'],
    ['..v3', '..v2'],
  ] as const) {
    swap(version)
    const changed = new Set(await next())
    // The swap is one rename, but the two files are looked at one after the other.
    while (changed.size < 2) for (const file of await next()) changed.add(file)
    assert.deepEqual([...changed].sort(), files)
    rmSync(join(folder, old), { recursive: true })
  }
})

test('a change without an event is found by looking', async (context) => {
  const folder = temporaryFolder(context)
  // The folder does not exist yet, so that there is nothing to watch.
  const file = join(folder, 'later', 'file')
  const { next } = await watching(context, [file], 10)
  mkdirSync(join(folder, 'later'))
  writeFileSync(file, 'x')
  assert.deepEqual(await next(), [file])
})

test('only the files of the last setPaths count, and nothing after close', async (context) => {
  const folder = temporaryFolder(context)
  const [one, two] = [join(folder, 'one'), join(folder, 'two')]
  writeFileSync(one, '1')
  writeFileSync(two, '1')
  const { watcher, next, seen } = await watching(context, [one])
  await watcher.setPaths([two])
  writeFileSync(one, '2')
  writeFileSync(two, '2')
  assert.deepEqual(await next(), [two])
  watcher.close()
  writeFileSync(two, '3')
  const second = await watching(context, [two], 10)
  writeFileSync(two, '4')
  await second.next()
  assert.deepEqual(seen, [])
})

test('what changes between the look and setPaths is not missed', async (context) => {
  const folder = temporaryFolder(context)
  const [file, added] = [join(folder, 'proxy.yaml'), join(folder, 'added')]
  writeFileSync(file, '1')
  writeFileSync(added, '1')
  const { watcher, next, seen } = await watching(context, [file])
  const before = await watcher.states()
  // As a reload that takes its time over what it has read: the event of this change comes and goes meanwhile.
  appendFileSync(file, '2')
  assert.deepEqual(await next(), [file])
  await watcher.setPaths([file, added], before)
  assert.deepEqual(await next(), [file])
  // Nothing has changed since: neither file counts.
  await watcher.setPaths([file, added], await watcher.states())
  appendFileSync(added, '2')
  assert.deepEqual([await next(), seen], [[added], []])
})
