import type { WebSocket } from 'ws'
import type { CallMessage, Payload } from '../ocpp/message.ts'
import { ProxyError } from '../policy/error.ts'
import { type Dialed, type DialOptions, dial, type TlsSeen } from './dial.ts'
import { type Answer, type CallOutcome, createEndpoint, type Endpoint } from './endpoint.ts'
import type { EventListener } from './event.ts'
import type { Traffic } from './traffic.ts'

/** How a connection ended. 1006: without a close frame (RFC 6455 7.4.1). */
export interface CloseSeen {
  readonly code: number
  readonly reason: string
}

export interface LinkOptions {
  readonly identity: string
  readonly answer: (call: CallMessage) => Answer | Promise<Answer>
  readonly onEvent: EventListener
  readonly callTimeoutMs: number
  readonly maxOutstanding: number
  readonly maxQueued: number
  /** Milliseconds between two pings; 0 sends none. A ping without a pong until the next one ends the connection. */
  readonly pingIntervalMs: number
  readonly traffic?: Traffic
}

/** The one connection of a charge point: at most one at a time, and nothing of it outlives it. */
export interface Link {
  readonly isOpen: boolean
  readonly tls: TlsSeen | null
  /** Fires when the present connection has ended; already fired when there is none. */
  readonly ended: AbortSignal
  /** @throws ConnectRefusal; ProxyError `already_connected`. */
  open(options: Omit<DialOptions, 'onOpen'>): Promise<Dialed>
  call(action: string, payload: Payload, options?: { readonly timeoutMs?: number }): Promise<CallOutcome>
  sendText(text: string): void
  /** How the present connection ends, or how the last one did. */
  closed(): Promise<CloseSeen>
  close(code: number, reason: string): Promise<void>
  terminate(): void
}

interface Connection {
  readonly socket: WebSocket
  readonly endpoint: Endpoint
  readonly closed: Promise<CloseSeen>
}

export function createLink(options: LinkOptions): Link {
  const { identity, onEvent } = options
  let connection: Connection | null = null
  let connecting = false
  let tls: TlsSeen | null = null
  let lastClose: Promise<CloseSeen> = Promise.resolve({ code: 1006, reason: 'never connected' })
  let ended = AbortSignal.abort()

  function onOpen(dialed: Dialed): void {
    const { socket } = dialed
    const end = new AbortController()
    const endpoint = createEndpoint({ ...options, send: (text) => socket.send(text) })
    const pings = options.pingIntervalMs > 0 ? startPings(socket, options.pingIntervalMs) : null
    const closed = new Promise<CloseSeen>((resolve) => {
      socket.on('close', (code, reasonBytes) => {
        const seen = { code, reason: reasonBytes.toString() }
        if (pings !== null) clearInterval(pings)
        endpoint.close()
        if (connection?.socket === socket) connection = null
        onEvent({ kind: 'disconnected', identity, ...seen })
        end.abort()
        resolve(seen)
      })
    })
    socket.on('message', (data) => endpoint.receive(String(data)))
    connection = { socket, endpoint, closed }
    lastClose = closed
    ended = end.signal
    tls = dialed.tls
    onEvent({ kind: 'connected', identity, detail: describe(dialed) })
  }

  return {
    get isOpen() {
      return connection !== null
    },
    get tls() {
      return tls
    },
    get ended() {
      return ended
    },
    async open(dialOptions) {
      if (connection !== null || connecting) {
        throw new ProxyError('already_connected', 'operator', `${identity} is connected already`)
      }
      connecting = true
      try {
        return await dial({ ...dialOptions, onOpen })
      } finally {
        connecting = false
      }
    },
    async call(action, payload, callOptions) {
      return connection?.endpoint.call(action, payload, callOptions) ?? { kind: 'closed' }
    },
    sendText: (text) => connection?.socket.send(text),
    closed: () => lastClose,
    async close(code, reason) {
      const present = connection
      if (present === null) return
      present.endpoint.hangUp()
      present.socket.close(code, reason)
      await present.closed
    },
    terminate: () => connection?.socket.terminate(),
  }
}

function startPings(socket: WebSocket, intervalMs: number): NodeJS.Timeout {
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  return setInterval(() => {
    if (!answered) return socket.terminate()
    answered = false
    socket.ping()
  }, intervalMs)
}

function describe({ tls, socket }: Dialed): string {
  const secured = tls === null ? 'plain' : `${tls.version} ${tls.cipher}${tls.resumed ? ' resumed' : ''}`
  return `${secured}, ${socket.protocol === '' ? 'no sub-protocol' : socket.protocol}`
}
