import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../support/free-port.ts'
import { startProxy } from '../support/proxy.ts'
import { RawClient, upgradeRequest } from '../support/raw-client.ts'

const skip = spawnSync('haproxy', ['-v']).status === 0 ? false : 'haproxy is not installed'
const example = readFileSync(join(import.meta.dirname, '../../examples/haproxy/haproxy.cfg'), 'utf8')

test('the example of HAProxy in front: TLS passes through, and the proxy knows who connects', {
  skip,
}, async (t) => {
  const proxy = await startProxy(t, {
    listeners: { 'basic-auth-tls': { proxyProtocol: { from: ['127.0.0.1/32'] } } },
  })
  const password = await proxy.register()
  const front = await freePort()
  // As it is, less the addresses, and with one proxy: there is no second one here.
  const configuration = example
    // Of the file descriptors of this machine.
    .replace('maxconn 20000', 'maxconn 100')
    .replace('bind :443', `bind 127.0.0.1:${front}`)
    .replace('check port 9090', `check port ${proxy.port('admin')}`)
    .replace('10.0.0.11:8443', `127.0.0.1:${proxy.port('basic-auth-tls')}`)
    .replace(/^ *server proxy-2 .*\n/m, '')
  assert.doesNotMatch(configuration, /10\.0\.0\.|:443\b/)
  const file = join(proxy.pki.folder, 'haproxy.cfg')
  const pidFile = join(proxy.pki.folder, 'haproxy.pid')
  writeFileSync(file, configuration)
  // As a daemon it returns when it listens, so that nothing is waited for.
  const started = spawnSync('haproxy', ['-D', '-q', '-f', file, '-p', pidFile], {
    stdio: 'ignore',
    timeout: 60_000,
  })
  assert.equal(started.status, 0, 'haproxy did not start')
  const pid = Number(readFileSync(pidFile, 'utf8').trim())
  t.after(() => process.kill(pid, 'SIGTERM'))

  const client = await RawClient.connect({
    port: front,
    localAddress: '127.0.0.9',
    tls: { ca: proxy.pki.serverRoot, servername: 'localhost', rejectUnauthorized: true },
  })
  t.after(() => client.destroy())
  client.write(upgradeRequest({ password }))
  await client.until((heard) => heard.includes('101 Switching'))
  const line = await proxy.log.wait('connected', ({ msg }) => msg === 'charge point connected')
  assert.equal(line.address, '127.0.0.9')
})
