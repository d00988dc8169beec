import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import {
  answerText,
  clientHeaderLength,
  idLength,
  idOffset,
  serverFrame,
  serverHeaderLength,
} from '../wire/messages.ts'

/**
 * The plain central system behind every peer, in a process of its own: answers the upgrade, and each
 * CALL with a CALLRESULT of the same size and id. It is a raw socket server that does as little as
 * possible, so that the processor is left to what is measured. Usage: central-system.ts SIZE; tells
 * its port to the parent.
 */

const size = Number(process.argv[2] ?? 200)
const answer = serverFrame(answerText(size))
const frameLength = clientHeaderLength + size
const opcodeText = 1
const opcodeClose = 8
const opcodePing = 9

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer | null = null
  let upgraded = false
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    let input = rest === null ? chunk : Buffer.concat([rest, chunk])
    rest = null
    if (!upgraded) {
      const end = input.indexOf('\r\n\r\n')
      if (end === -1) {
        rest = input
        return
      }
      upgraded = upgrade(socket, input.toString('latin1', 0, end + 2))
      input = input.subarray(end + 4)
    }
    const left = answerFrames(socket, input)
    if (left.length > 0) rest = left
  })
})

function upgrade(socket: Socket, head: string): boolean {
  const key = /^sec-websocket-key:[ \t]*(\S+)[ \t]*\r$/im.exec(head)?.[1]
  const protocol = /^sec-websocket-protocol:[ \t]*([^\s,]+)/im.exec(head)?.[1]
  if (key === undefined || protocol === undefined) {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    return false
  }
  // RFC 6455 4.2.2: the constant that proves that the server read the key.
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  )
  return true
}

/** Answers every whole frame of `input`; returns what is left of it. */
function answerFrames(socket: Socket, input: Buffer): Buffer {
  let at = 0
  while (input.length - at >= 2) {
    const opcode = (input[at] ?? 0) & 0x0f
    const length = opcode === opcodeText ? frameLength : 6 + ((input[at + 1] ?? 0) & 0x7f)
    if (input.length - at < length) break
    if (opcode === opcodeText) {
      socket.write(answerTo(input, at))
    } else if (opcode === opcodeClose) {
      socket.end(Buffer.from([0x88, 0]))
    } else if (opcode === opcodePing) {
      socket.write(pongTo(input, at, length))
    }
    at += length
  }
  return input.subarray(at)
}

function answerTo(input: Buffer, at: number): Buffer {
  const frame = Buffer.allocUnsafe(answer.length)
  answer.copy(frame)
  for (let i = idOffset; i < idOffset + idLength; i++) {
    frame[serverHeaderLength + i] =
      (input[at + clientHeaderLength + i] ?? 0) ^ (input[at + serverHeaderLength + (i & 3)] ?? 0)
  }
  return frame
}

function pongTo(input: Buffer, at: number, length: number): Buffer {
  const pong = Buffer.allocUnsafe(length - 4)
  pong[0] = 0x8a
  pong[1] = length - 6
  for (let i = 0; i < length - 6; i++) {
    pong[2 + i] = (input[at + 6 + i] ?? 0) ^ (input[at + 2 + (i & 3)] ?? 0)
  }
  return pong
}

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit(0))
