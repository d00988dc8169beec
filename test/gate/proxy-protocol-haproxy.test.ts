import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ProxyHeaderResult, readProxyHeader } from '../../src/gate/proxy-protocol.ts'

const skip = spawnSync('haproxy', ['-v']).status === 0 ? false : 'haproxy is not installed'

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

/** Reads until the header is judged; gives it and what came after it so far. */
async function header(socket: Socket): Promise<{ result: ProxyHeaderResult; rest: string }> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    const [chunk] = await once(socket, 'data')
    bytes = Buffer.concat([bytes, chunk])
    const result = readProxyHeader(bytes)
    const length = result.status === 'complete' ? result.length : 0
    if (result.status === 'invalid' || bytes.length > length + 4)
      return { result, rest: bytes.toString('latin1', length) }
  }
}

test('[PROXY v2] the header that haproxy sends, checksum included', { skip }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-protocol-'))
  const behind = await listen()
  const front = await listen()
  const file = join(folder, 'haproxy.cfg')
  await writeFile(
    file,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen front
  bind fd@3
  server behind 127.0.0.1:${behind.port} send-proxy-v2 proxy-v2-options crc32c,unique-id
`,
  )
  // haproxy inherits the listening socket, so that no port is guessed and nothing is waited for.
  const haproxy = spawn('haproxy', ['-db', '-q', '-f', file], {
    stdio: ['ignore', 'ignore', 'ignore', front.server],
  })
  const ended = once(haproxy, 'exit')
  front.server.close()
  const client = connect(front.port, '127.0.0.1')
  try {
    client.write('hello')
    const arrived = await Promise.race([once(behind.server, 'connection'), ended])
    assert.equal(typeof arrived[0], 'object', 'haproxy connected')
    const { result, rest } = await header(arrived[0])
    assert.equal(rest, 'hello')
    assert.ok(result.status === 'complete' && result.length >= 28 + 7, 'the checksum is in it')
    assert.deepEqual(result.source, { address: '127.0.0.1', port: client.localPort })
    arrived[0].destroy()
  } finally {
    client.destroy()
    behind.server.close()
    haproxy.kill()
    await ended
    await rm(folder, { recursive: true })
  }
})
