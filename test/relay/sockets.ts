import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import { createLogger } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { createRelayContext, type RelayContext } from '../../src/relay/context.ts'
import { ReadBuffer } from '../../src/relay/read-buffer.ts'
import { Session, type SessionEnd, type SessionFacts } from '../../src/relay/session.ts'
import { dial } from '../../src/relay/upstream.ts'
import type { UseCase } from '../../src/relay/use-case.ts'
import { keep } from '../support/transcript.ts'
import { fakeCentral, listen, requestOf, switching } from './central.ts'
import { type FrameParts, frame, type ReadFrame, readFrames, testMask } from './wire.ts'

/** The far end of a connection: what it got, and what it says. */
export class Peer {
  readonly socket: Socket
  bytes: Buffer = Buffer.alloc(0)
  isEnded = false
  isClosed = false
  readonly #mask: Buffer | null
  readonly #waiting = new Set<() => void>()

  constructor(socket: Socket, mask: Buffer | null) {
    this.socket = socket
    this.#mask = mask
    socket.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk])
      this.#changed()
    })
    // It may have been paused by who accepted it.
    socket.resume()
    socket.on('error', () => {})
    socket.on('end', () => {
      this.isEnded = true
      this.#changed()
    })
    socket.on('close', () => {
      this.isEnded = true
      this.isClosed = true
      this.#changed()
    })
  }

  get frames(): ReadFrame[] {
    return readFrames(this.bytes)
  }

  send(...parts: (FrameParts | string)[]): void {
    this.socket.write(
      Buffer.concat(
        parts.map((one) =>
          frame({ mask: this.#mask, ...(typeof one === 'string' ? { payload: one } : one) }),
        ),
      ),
    )
  }

  /** Until `isSo`; looked at again whenever something came. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  untilFrames(count: number): Promise<void> {
    return this.until(() => this.frames.length >= count)
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** Two ends of a loopback connection; `near` is what a listener accepted. */
export async function socketPair(): Promise<{ near: Socket; far: Socket }> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true })
  const port = await listen(server)
  const accepted = once(server, 'connection')
  const far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const [near] = (await accepted) as [Socket]
  server.close()
  return { near, far }
}

export interface ContextSetting {
  readonly messageBytes?: number
  readonly callTimeout?: number
  readonly messagesPerMinute?: number
  readonly useCases?: readonly UseCase[]
}

export interface SessionSetting extends ContextSetting {
  readonly protocol?: SessionFacts['protocol']
  readonly early?: Buffer
  readonly identity?: string
  readonly address?: string
  readonly certificate?: string | null
  readonly context?: RelayContext
  /** Called between the opening of both connections and the start of the session. */
  readonly beforeStart?: (near: Socket, upstream: Socket) => void
  readonly onEnded?: (session: Session) => void
}

/** A session over real sockets, with a clock that a test moves. */
export interface OpenSession {
  readonly session: Session
  readonly chargePoint: Peer
  readonly central: Peer
  /** The proxy's own sockets. */
  readonly near: Socket
  readonly upstream: Socket
  readonly clock: { now: () => number; seconds: number }
  readonly context: RelayContext
  /** Lines of the log. */
  readonly logged: readonly string[]
  readonly refused: { reason: string; detail: string }[]
  readonly ends: SessionEnd[]
  readonly ended: Promise<SessionEnd>
}

export function testContext(setting: ContextSetting = {}): {
  context: RelayContext
  clock: OpenSession['clock']
  logged: string[]
} {
  const clock = { now: () => 0, seconds: 1 }
  const metrics = createMetrics({ version: '0', node: '0', openssl: '0' }, { processMetrics: false })
  const logged: string[] = []
  const log = createLogger('debug', {
    write: (line) => {
      keep('log', line)
      logged.push(line)
    },
  })
  const limits = { messageBytes: 262_144, callTimeout: 60_000, messagesPerMinute: 0, ...setting }
  const context = createRelayContext({ metrics, log, clock, limits, useCases: setting.useCases ?? [] })
  return { context, clock, logged }
}

const readBuffer = new ReadBuffer()

export async function withSession(
  body: (open: OpenSession) => Promise<void>,
  setting: SessionSetting = {},
): Promise<void> {
  const { chargePoint, near, far, centralSide, upstream, link, close } = await connectBoth()
  const made = testContext(setting)
  const context = setting.context ?? made.context
  const refused: { reason: string; detail: string }[] = []
  const ends: SessionEnd[] = []
  const { promise: ended, resolve } = Promise.withResolvers<SessionEnd>()
  const session = new Session(factsOf(setting), near, link, context, {
    started: (self) => {
      for (const useCase of context.useCases.of(self.facts.protocol)) useCase.started?.(self)
    },
    refused: (_session, reason, detail) => refused.push({ reason, detail }),
    ended: (self, end) => {
      ends.push(end)
      setting.onEnded?.(self)
      resolve(end)
    },
  })
  setting.beforeStart?.(near, upstream)
  session.start(setting.early ?? Buffer.alloc(0))
  try {
    const { clock, logged } = made
    await body({
      session,
      chargePoint,
      central: centralSide,
      near,
      upstream,
      clock,
      context,
      logged,
      refused,
      ends,
      ended,
    })
  } finally {
    session.destroy()
    far.destroy()
    await close()
  }
}

async function connectBoth() {
  const { near, far } = await socketPair()
  const accepted = Promise.withResolvers<Peer>()
  const fake = await fakeCentral((socket, head) => {
    socket.write(switching(head))
    accepted.resolve(new Peer(socket, null))
  })
  const outcome = await dial(fake.target, requestOf(), readBuffer)
  if (outcome.kind !== 'open') throw new Error(outcome.kind)
  const { link } = outcome
  return {
    chargePoint: new Peer(far, testMask),
    near,
    far,
    centralSide: await accepted.promise,
    upstream: link.socket,
    link,
    close: fake.close,
  }
}

function factsOf(setting: SessionSetting): SessionFacts {
  return {
    identity: setting.identity ?? 'CP1',
    listener: 'test',
    profile: 2,
    protocol: setting.protocol ?? 'ocpp1.6',
    address: setting.address ?? '192.0.2.1',
    port: 4711,
    certificate: setting.certificate ?? null,
    serialNumber: null,
    credential: null,
    pendingUpgrade: null,
  }
}
