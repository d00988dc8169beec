import { once } from 'node:events'
import type { WebSocket } from 'ws'
import { type CallMessage, parseMessage } from '../ocpp/message.ts'
import type { Recorder } from './central-system-records.ts'
import { type Answer, createEndpoint, type Endpoint } from './endpoint.ts'
import type { EventListener } from './event.ts'
import type { Traffic } from './traffic.ts'

/** One open WebSocket of a charge point. */
export interface Peer {
  readonly socket: WebSocket
  readonly endpoint: Endpoint
}

export interface PeersOptions {
  readonly recorder: Recorder
  readonly onEvent: EventListener
  readonly answer: (identity: string, call: CallMessage) => Answer | Promise<Answer>
  readonly callTimeoutMs: number
  readonly traffic: Traffic
  /** Whether the connection that an identity had before stays open beside a new one. */
  readonly keepsOld: boolean
}

/** The connections of a central system. */
export interface Peers {
  /** Takes an open WebSocket; the one that the identity had before is closed, unless `keepsOld`. */
  add(identity: string, socket: WebSocket): void
  /** Closes an open WebSocket without ever serving it. */
  reject(identity: string, socket: WebSocket, code: number, reason: string): void
  get(identity: string): Peer | undefined
  identities(): readonly string[]
  /** Closes all (1001), by force after two seconds. */
  close(): Promise<void>
}

export function createPeers(options: PeersOptions): Peers {
  const { recorder, onEvent } = options
  const current = new Map<string, Peer>()
  // Also those that were replaced or have no sub-protocol: the server is not closed before they are.
  const open = new Set<WebSocket>()

  function listen(identity: string, peer: Peer): void {
    const { socket, endpoint } = peer
    socket.on('error', (error) => onEvent({ kind: 'note', identity, detail: error.message }))
    socket.on('message', (data) => {
      const text = String(data)
      const parsed = parseMessage(text)
      endpoint.receive(text)
      recorder.addMessage({ identity, text, message: parsed.ok ? parsed.message : null })
    })
    socket.on('close', (code, reasonBytes) => {
      open.delete(socket)
      endpoint.close()
      if (current.get(identity) === peer) current.delete(identity)
      const seen = { identity, code, reason: reasonBytes.toString() }
      onEvent({ kind: 'disconnected', ...seen })
      recorder.addClose(seen)
    })
  }

  return {
    add(identity, socket) {
      const endpoint = createEndpoint({
        identity,
        send: (text) => socket.send(text),
        answer: (call) => options.answer(identity, call),
        onEvent,
        callTimeoutMs: options.callTimeoutMs,
        maxOutstanding: 1,
        maxQueued: 256,
        traffic: options.traffic,
      })
      const peer: Peer = { socket, endpoint }
      if (!options.keepsOld) current.get(identity)?.socket.close(1000, 'replaced by a newer connection')
      open.add(socket)
      current.set(identity, peer)
      listen(identity, peer)
    },
    reject(identity, socket, code, reason) {
      open.add(socket)
      socket.on('error', (error) => onEvent({ kind: 'note', identity, detail: error.message }))
      socket.on('close', () => open.delete(socket))
      onEvent({ kind: 'refused', identity, detail: `${code} ${reason}` })
      socket.close(code, reason)
    },
    get: (identity) => current.get(identity),
    identities: () => [...current.keys()],
    async close() {
      await Promise.all([...open].map(endSocket))
    },
  }
}

async function endSocket(socket: WebSocket): Promise<void> {
  const closed = once(socket, 'close')
  const timer = setTimeout(() => socket.terminate(), 2000)
  // One that reads nothing will never see the answer to its close frame.
  if (socket.isPaused) socket.terminate()
  else socket.close(1001, 'going away')
  await closed
  clearTimeout(timer)
}
