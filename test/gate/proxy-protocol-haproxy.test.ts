import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readProxyHeader } from '../../src/gate/proxy-protocol.ts'
import { freePort } from '../support/free-port.ts'

const skip = spawnSync('haproxy', ['-v']).status === 0 ? false : 'haproxy is not installed'

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { server, port: address.port }
}

const configuration = (front: number, behind: number) => `defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen front
  bind 127.0.0.1:${front}
  server behind 127.0.0.1:${behind} send-proxy-v2 proxy-v2-options crc32c
`

test('[PROXY v2] the header that haproxy sends, checksum included', { skip, timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-protocol-'))
  const behind = await listen()
  const file = join(folder, 'haproxy.cfg')
  const pidFile = join(folder, 'pid')
  const front = await freePort()
  await writeFile(file, configuration(front, behind.port))
  // As a daemon it returns when it listens, so that nothing is waited for.
  const started = spawnSync('haproxy', ['-D', '-q', '-f', file, '-p', pidFile], { stdio: 'ignore' })
  assert.equal(started.status, 0, 'haproxy started')
  const pid = Number((await readFile(pidFile, 'utf8')).trim())
  const client = connect(front, '127.0.0.1')
  try {
    client.write('hello')
    const [socket] = await once(behind.server, 'connection')
    const chunks: Buffer[] = []
    client.end()
    for await (const chunk of socket) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const result = readProxyHeader(bytes)
    assert.ok(result.status === 'complete', JSON.stringify(result))
    assert.ok(result.length >= 16 + 12 + 7, 'the checksum is in it')
    assert.equal(bytes.toString('latin1', result.length), 'hello')
    assert.deepEqual(result.source, { address: '127.0.0.1', port: client.localPort })
  } finally {
    client.destroy()
    behind.server.close()
    process.kill(pid)
    await rm(folder, { recursive: true })
  }
})
