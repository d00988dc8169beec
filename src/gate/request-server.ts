import http from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export interface RequestEvents {
  upgrade(message: http.IncomingMessage, socket: Socket, head: Buffer): void
  /** A request that is no upgrade. */
  request(message: http.IncomingMessage, response: http.ServerResponse): void
  /** What came is no upgrade request. */
  malformed(socket: Socket, detail: string): void
}

/**
 * Node's HTTP parser in its strict mode, as a server that never listens: sockets are handed to it
 * by emitting 'connection'. Time-outs are the gate's, because Node's run only in servers that listen.
 */
export function createRequestServer(maxHeaderSize: number, events: RequestEvents): http.Server {
  const server = http.createServer({
    maxHeaderSize,
    insecureHTTPParser: false,
    requireHostHeader: false,
    joinDuplicateHeaders: false,
    keepAliveTimeout: 0,
  })
  server.maxHeadersCount = 100
  server.on('upgrade', (message, socket, head) => {
    if (socket instanceof Socket) events.upgrade(message, socket, head)
    else socket.destroy()
  })
  server.on('request', (message, response) => events.request(message, response))
  server.on('connect', (_message, socket: Duplex) => malformed(socket, 'method CONNECT'))
  server.on('checkContinue', (message, response) => events.request(message, response))
  server.on('checkExpectation', (message) => events.malformed(message.socket, 'Expect'))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // The peer closed: nobody is left to be refused.
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') socket.destroy()
    else malformed(socket, error.code ?? 'unreadable')
  })
  const malformed = (socket: Duplex, detail: string) => {
    if (socket instanceof Socket) events.malformed(socket, detail)
    else socket.destroy()
  }
  return server
}
