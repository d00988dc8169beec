import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startProxy } from '../support/proxy.ts'
import { withoutRedis } from '../support/redis-server.ts'
import { refusalOf } from '../support/refused.ts'
import { ReplicaSet, until } from '../support/replicas.ts'
import { keep } from '../support/transcript.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** The command line where no admin API is: it writes to the store. */
async function command(line: string, ...where: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, ...line.split(' '), ...where])
  keep('command', stdout + stderr)
  return stdout
}

test('[A00.FR.408] who is blocked or removed in the SQLite store loses the session, and nobody else', async (t) => {
  const proxy = await startProxy(t, {
    securityEvents: { sinks: [{ file: { name: 'siem', path: 'data/siem.jsonl' } }] },
  })
  const store = ['--store', join(proxy.pki.folder, 'data', 'proxy.db')]
  const fleet = ['CP-1', 'CP-2', 'CP-3']
  for (const identity of fleet) await proxy.register(identity)
  const [blocked, removed, other] = fleet.map((identity) => proxy.chargePoint('basic-auth', { identity }))
  assert.ok(blocked && removed && other)
  await Promise.all([blocked, removed, other].map((one) => one.connect()))

  assert.equal(await command('charge-points block CP-1', ...store), 'blocked CP-1\n')
  assert.equal((await blocked.closed()).code, 1008)
  // The command has noted it in the security log, and nothing else happens that would make the proxy look there.
  const siem = join(proxy.pki.folder, 'data', 'siem.jsonl')
  await until(() => existsSync(siem) && readFileSync(siem, 'utf8').includes('charge-points block'))
  assert.equal((await refusalOf(proxy.chargePoint('basic-auth', { identity: 'CP-1' }))).httpStatus, 403)

  assert.equal(await command('charge-points remove CP-2', ...store), 'removed CP-2\n')
  assert.equal((await removed.closed()).code, 1008)

  for (const identity of ['CP-1', 'CP-2']) {
    const isOver = (line: { msg?: unknown; identity?: unknown }) =>
      line.msg === 'charge point disconnected' && line.identity === identity
    await proxy.log.wait(`the end of ${identity}`, isOver)
  }
  assert.equal((await other.heartbeat()).kind, 'result')
  assert.equal((await proxy.metrics()).sum('ocpp_proxy_connections'), 1)
})

test('[A00.FR.408] the same at the replica that has the session, with Redis', {
  skip: withoutRedis,
  timeout: 300_000,
}, async (t) => {
  const set = await ReplicaSet.start(t, ['a', 'b'])
  const [a, b] = set.replicas
  assert.ok(a && b)
  await set.register(['CP-1', 'CP-2'])
  const [blocked, other] = [set.chargePoint(a, 'CP-1'), set.chargePoint(b, 'CP-2')]
  await Promise.all([blocked.connect(), other.connect()])
  await set.store.registry.update('CP-1', { blocked: true })
  assert.equal((await blocked.closed()).code, 1008)
  assert.equal((await other.heartbeat()).kind, 'result')
})
