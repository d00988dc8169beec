import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { minimal } from '../config/support.ts'
import { setUp, startTime } from './fake-shell.ts'

test('[A00.FR.323] what the command line changes in the store is a security event', async (context) => {
  const { run, store, folder } = setUp(context)
  const file = join(folder, 'fleet.csv')
  writeFileSync(file, 'identity\nCP2\nCP3\n')
  for (const line of [
    'charge-points add CP1',
    'charge-points add CP1',
    'charge-points list',
    'charge-points set CP1 --serial S1',
    'charge-points block CP1',
    'credentials generate CP1',
    'credentials remove CP1',
    'credentials remove CP1 --upstream',
    `charge-points import ${file} --dry-run`,
    `charge-points import ${file}`,
    'charge-points remove CP1',
  ]) {
    await run(line)
  }
  const events = await store().events.list({ afterId: 0, limit: 100 })
  assert.ok(
    events.every(({ type, at }) => type === 'ReconfigurationOfSecurityParameters' && at === startTime),
  )
  assert.deepEqual(
    events.map(({ identity, techInfo }) => [identity, techInfo?.replace('command line: ', '')]),
    [
      ['CP1', 'charge-points add'],
      ['CP1', 'charge-points set'],
      ['CP1', 'charge-points block'],
      ['CP1', 'credentials generate'],
      ['CP1', 'credentials remove'],
      ['CP1', 'credentials remove --upstream'],
      [null, 'charge-points import of 2'],
      ['CP1', 'charge-points remove'],
    ],
  )
})

test("[OCPP-J 3.1.1] the identity of the proxy's own session is no charge point's", async (context) => {
  const { run, folder } = setUp(context)
  const config = join(folder, 'proxy.yaml')
  const own = 'securityEvents: { toCentralSystem: DataTransfer, ownSession: { identity: GUARD } }'
  writeFileSync(config, `${minimal}\n${own}\n`)
  const file = join(folder, 'fleet.csv')
  writeFileSync(file, 'identity\nCP2\nguard\n')
  for (const command of [
    ['charge-points', 'add', 'guard'],
    ['charge-points', 'import', file],
  ]) {
    const { code, err } = await run([...command, '--config', config])
    assert.equal(code, 1, err)
    assert.match(err, /the identity of the proxy's own session/)
  }
})
