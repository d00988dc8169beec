import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import { test } from 'node:test'
import tls from 'node:tls'
import { ReadBuffer } from '../../src/relay/read-buffer.ts'
import { dial, type UpstreamOutcome } from '../../src/relay/upstream.ts'
import { sharedAuthority } from '../support/authority.ts'
import { type Answer, fakeCentral, listen, readHead, requestOf, switching, targetOf } from './central.ts'

const readBuffer = new ReadBuffer()

/** Dials a central system that answers so; ends what it opened. */
async function dialed(
  answer: Answer,
  check: (outcome: UpstreamOutcome, head: string) => Promise<void> | void,
  request = requestOf(),
): Promise<void> {
  let seen = ''
  const central = await fakeCentral((socket, head) => {
    seen = head
    answer(socket, head)
  })
  try {
    const outcome = await dial(central.target, request, readBuffer)
    try {
      await check(outcome, seen)
    } finally {
      if (outcome.kind === 'open') outcome.link.socket.destroy()
    }
  } finally {
    await central.close()
  }
}

/** Reads until `length` bytes came. */
function take(outcome: UpstreamOutcome, length: number): Promise<Buffer> {
  if (outcome.kind !== 'open') throw new Error(`not open: ${outcome.kind}`)
  const { link } = outcome
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    link.socket.on('error', reject)
    link.socket.on('close', () => reject(new Error(`closed after ${bytes.length} bytes`)))
    link.start((chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes.length >= length) resolve(bytes)
      return true
    })
  })
}

test('[OCPP-J 3.2] the request that is sent, and an answer that opens', async () => {
  const request = requestOf({ protocols: ['ocpp1.6', 'ocpp2.0.1'], headers: [['X-A', 'b']] })
  await dialed(
    (socket, head) => socket.write(switching(head)),
    (outcome, head) => {
      assert.ok(outcome.kind === 'open' && outcome.protocol === 'ocpp1.6')
      const lines = head.split('\r\n')
      assert.equal(lines[0], 'GET /ocpp/CP1 HTTP/1.1')
      for (const line of [
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        'X-A: b',
      ]) {
        assert.ok(lines.includes(line), line)
      }
      assert.ok(lines.includes('Sec-WebSocket-Protocol: ocpp1.6, ocpp2.0.1'))
      assert.match(head, /^Host: 127\.0\.0\.1:\d+$/m)
    },
    request,
  )
})

test('what comes right behind the answer, and what comes before anybody reads, is not lost', async () => {
  await dialed(
    (socket, head) => {
      socket.write(`${switching(head)}first`)
      setImmediate(() => socket.write(' second'))
    },
    async (outcome) => assert.equal((await take(outcome, 12)).toString(), 'first second'),
  )
})

test('an answer in single bytes is an answer', async () => {
  await dialed(
    (socket, head) => {
      socket.setNoDelay(true)
      const bytes = Buffer.from(`${switching(head)}!`)
      const next = (at: number) =>
        at < bytes.length && socket.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1))
      next(0)
    },
    async (outcome) => assert.equal((await take(outcome, 1)).toString(), '!'),
  )
})

test('the receiver says when to stop reading; resume goes on without loss', async () => {
  const total = 2_000_000
  await dialed(
    (socket, head) => {
      socket.write(switching(head))
      socket.write(Buffer.alloc(total, 0x61))
    },
    async (outcome) => {
      assert.ok(outcome.kind === 'open')
      const { socket, start } = outcome.link
      let received = 0
      let whilePaused = 0
      let isPaused = false
      await new Promise<void>((resolve) => {
        start((chunk) => {
          if (isPaused) whilePaused += 1
          received += chunk.length
          if (received === total) resolve()
          isPaused = true
          socket.pause()
          setImmediate(() => {
            isPaused = false
            socket.resume()
          })
          return false
        })
      })
      assert.equal(whilePaused, 0)
    },
  )
})

test('[OCPP-J 3.2] a refusal of the central system: status and headers', async () => {
  await dialed(
    (socket) => socket.end('HTTP/1.1 404 Not Found\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n'),
    (outcome) => {
      assert.ok(outcome.kind === 'refused')
      assert.equal(outcome.status, 404)
      assert.equal(outcome.headers.get('retry-after'), '3')
    },
  )
})

test('an answer that is wrong, and an end without one, are an unreachable central system', async () => {
  const answers: [Answer, RegExp][] = [
    [(socket) => socket.write('SSH-2.0-OpenSSH\r\n\r\n'), /not HTTP/],
    [(socket, head) => socket.write(switching(head, 'ocpp2.0.1')), /sub-protocol/],
    [(socket) => socket.write('a'.repeat(20_000)), /too long/],
    [(socket) => socket.end(), /without an answer/],
    [(socket) => socket.resetAndDestroy(), /./],
  ]
  for (const [answer, detail] of answers) {
    await dialed(answer, (outcome) => {
      assert.ok(outcome.kind === 'unreachable')
      assert.match(outcome.detail, detail)
    })
  }
})

test('nobody listens: unreachable, and the operator reads why, whatever name was dialled', async () => {
  const server = net.createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  for (const host of ['127.0.0.1', 'localhost']) {
    const outcome = await dial(targetOf(port, { host }), requestOf(), readBuffer)
    assert.ok(outcome.kind === 'unreachable')
    assert.match(outcome.detail, /ECONNREFUSED/)
  }
})

test('[CWE-400] no answer in time: timeout, and the connection is ended', async () => {
  const ended = Promise.withResolvers<void>()
  await dialed(
    (socket) => {
      socket.on('close', () => ended.resolve())
      socket.on('end', () => socket.end())
      socket.resume()
    },
    async (outcome) => {
      assert.equal(outcome.kind, 'timeout')
      await ended.promise
    },
    requestOf({ timeoutMs: 1000 }),
  )
})

test('a link that breaks before anybody reads it hurts nobody', async () => {
  await dialed(
    (socket, head) => socket.write(switching(head)),
    async (outcome) => {
      assert.ok(outcome.kind === 'open')
      const { socket } = outcome.link
      const closed = new Promise((resolve) => socket.on('close', resolve))
      // An error without a listener would end the process.
      socket.destroy(new Error('read ECONNRESET'))
      await closed
    },
  )
})

interface SecureCentral {
  readonly port: number
  readonly ca: string
  close(): void
}

/** A wss central system; `raw` is the TCP socket under the TLS one. */
async function secureCentral(
  answer: (socket: Socket, head: string, raw: Socket) => void,
): Promise<SecureCentral> {
  const authority = await sharedAuthority()
  const { chain, key } = await authority.server('ecdsa', ['127.0.0.1', 'localhost'])
  const secure = tls.createServer({ cert: chain, key })
  const raws = new Map<number | undefined, Socket>()
  secure.on('secureConnection', (socket) => {
    socket.on('error', () => {})
    const raw = raws.get(socket.remotePort)
    if (raw !== undefined) readHead(socket, (head) => answer(socket, head, raw))
  })
  const server = net.createServer((raw) => {
    raws.set(raw.remotePort, raw)
    raw.on('error', () => {})
    secure.emit('connection', raw)
  })
  const port = await listen(server)
  const close = () => {
    for (const raw of raws.values()) raw.destroy()
    server.close()
  }
  return { port, ca: authority.certificate, close }
}

test('wss: our own roots decide; another name or root is unreachable', async () => {
  const central = await secureCentral((socket, head) => socket.write(`${switching(head)}early`))
  const other = await sharedAuthority('ecdsa', 'Another root')
  const secure = (ca: string, host = '127.0.0.1') => targetOf(central.port, { secure: true, ca, host })
  try {
    for (const host of ['127.0.0.1', 'localhost']) {
      const outcome = await dial(secure(central.ca, host), requestOf(), readBuffer)
      assert.equal((await take(outcome, 5)).toString(), 'early')
      if (outcome.kind === 'open') outcome.link.socket.destroy()
    }
    const wrong = await dial(secure(other.certificate), requestOf(), readBuffer)
    assert.ok(wrong.kind === 'unreachable')
    assert.match(wrong.detail, /certificate/)
  } finally {
    central.close()
  }
})

test('wss: records behind the answer in one segment are kept whole, whatever is in them', async () => {
  // OpenSSL hands out every record that it has, even after reading was stopped.
  const early = Buffer.from(`{"a":"b"}\r\n\r\n${'x'.repeat(40_000)}`)
  const sent = Promise.withResolvers<number>()
  const central = await secureCentral((socket, head, raw) => {
    socket.write(switching(head))
    socket.write(early.subarray(0, 20))
    socket.write(early.subarray(20), () => sent.resolve(raw.bytesWritten))
  })
  const proxy = net.createServer((client) => {
    const server = net.connect(central.port, '127.0.0.1')
    client.on('error', () => {})
    server.on('error', () => {})
    client.on('close', () => server.destroy())
    let hasRequest = 0
    let total = 0
    let held: Buffer[] = []
    client.on('data', (chunk: Buffer) => {
      // The second flight of the client holds its Finished and its request: hold what follows.
      hasRequest += 1
      server.write(chunk)
    })
    const flush = (expected: number) => {
      if (total < expected) return
      client.write(Buffer.concat(held))
      held = []
    }
    let expected: number | null = null
    void sent.promise.then((bytes) => {
      expected = bytes
      flush(bytes)
    })
    server.on('data', (chunk: Buffer) => {
      total += chunk.length
      if (hasRequest < 2) client.write(chunk)
      else held.push(chunk)
      if (expected !== null) flush(expected)
    })
  })
  const port = await listen(proxy)
  try {
    const target = targetOf(port, { secure: true, ca: central.ca })
    const outcome = await dial(target, requestOf(), readBuffer)
    assert.deepEqual(await take(outcome, early.length), early)
    if (outcome.kind === 'open') outcome.link.socket.destroy()
  } finally {
    proxy.close()
    central.close()
  }
})

test('an attempt that nobody wants any more ends at once, and the central system sees its end', async () => {
  const asked = Promise.withResolvers<Socket>()
  const central = await fakeCentral((socket) => asked.resolve(socket))
  try {
    const controller = new AbortController()
    const dialing = dial(central.target, requestOf({ timeoutMs: 60_000 }), readBuffer, controller.signal)
    const socket = await asked.promise
    const ended = once(socket.resume(), 'end')
    controller.abort()
    assert.deepEqual(await dialing, { kind: 'aborted' })
    await ended
    assert.deepEqual(await dial(central.target, requestOf(), readBuffer, controller.signal), {
      kind: 'aborted',
    })
  } finally {
    await central.close()
  }
})

test('the end of a signal after the answer leaves the connection alone', async () => {
  const central = await fakeCentral((socket, head) => socket.write(switching(head)))
  try {
    const controller = new AbortController()
    const outcome = await dial(central.target, requestOf(), readBuffer, controller.signal)
    assert.ok(outcome.kind === 'open')
    controller.abort()
    assert.equal(outcome.link.socket.destroyed, false)
    outcome.link.socket.destroy()
  } finally {
    await central.close()
  }
})
