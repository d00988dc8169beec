import { writeSync } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { dirname, join } from 'node:path'
import type { StoreWrite } from './watched-store.ts'

/** A moment at the store: right before or after the so many-th write of `method` that is about `about`. */
export interface Moment {
  readonly about: string
  readonly method: string
  readonly number: number
  readonly when: 'before' | 'after'
}

/**
 * The proxy as `serve` runs it, over a store that kills the process with SIGKILL. Arguments: the
 * configuration file; milliseconds that its clock is ahead; the moments, as JSON. Counting begins at SIGUSR2,
 * which is answered with a line "armed"; each write from then on is a line "write". Who comes to one of
 * the moments waits there, which is a line "held"; when the last one is there, the process kills itself.
 */
const [config = '', ahead = '0', json = '[]'] = process.argv.slice(2)
const moments = JSON.parse(json) as readonly Moment[]

const realNow = Date.now
Date.now = () => realNow() + Number(ahead)

// A start costs most of what a kill costs: what was compiled once is kept for the next one.
enableCompileCache(join(dirname(config), 'compiled'))
const { App } = await import('../../src/app.ts')
const { loadConfig } = await import('../../src/config/load.ts')
const { createLogger } = await import('../../src/observe/log.ts')
const { createMetrics } = await import('../../src/observe/metrics.ts')
const { openSqliteStore } = await import('../../src/store/sqlite.ts')
const { watchStore } = await import('./watched-store.ts')

const say = (line: object) => void writeSync(1, `${JSON.stringify(line)}\n`)

let isArmed = false
let held = 0
const counts = new Map<string, number>()

/** Numbers the write for each of those that it is about. */
function numbered(write: StoreWrite): readonly Omit<Moment, 'when'>[] {
  return write.about.map((about) => {
    const key = JSON.stringify([about, write.method])
    const number = (counts.get(key) ?? 0) + 1
    counts.set(key, number)
    return { about, method: write.method, number }
  })
}

async function pass(writes: readonly Omit<Moment, 'when'>[], when: Moment['when']): Promise<void> {
  const here = moments.filter(
    (moment) =>
      moment.when === when &&
      writes.some(
        ({ about, method, number }) =>
          moment.about === about && moment.method === method && moment.number === number,
      ),
  )
  if (here.length === 0) return
  held += here.length
  for (const { about, method, number } of here) say({ msg: 'held', about, method, number, when })
  if (held >= moments.length) process.kill(process.pid, 'SIGKILL')
  await new Promise(() => {})
}

const loaded = loadConfig(config)
if (!loaded.ok) throw new Error(loaded.problems.map(({ text }) => text).join('; '))
const store = watchStore(openSqliteStore(loaded.config.store.sqlite ?? ''), async (write) => {
  if (!isArmed) return async () => {}
  const writes = numbered(write)
  for (const { about, method, number } of writes) say({ msg: 'write', about, method, number })
  await pass(writes, 'before')
  return () => pass(writes, 'after')
})
const metrics = createMetrics({ version: '0', node: '0', openssl: '0' }, { processMetrics: false })
const app = new App(loaded.config, { version: '0', store, log: createLogger('info'), metrics })
process.on('SIGUSR2', () => {
  isArmed = true
  say({ msg: 'armed' })
})
process.on('SIGTERM', () => {
  void app
    .stop()
    .then(() => store.close())
    .then(() => process.exit(0))
})
// A test that is killed itself leaves no proxy behind.
const parent = process.ppid
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref()
await app.start()
flushCompileCache()
say({ msg: 'ready' })
