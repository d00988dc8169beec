import { randomFillSync } from 'node:crypto'
import { opcode } from './opcode.ts'

/**
 * One final text frame in the shortest form (RFC 6455 5.2), masked with a fresh key where it goes to a
 * server (5.3).
 */
export function textFrame(text: string, masked: boolean): Buffer {
  const length = Buffer.byteLength(text)
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const start = 2 + lengthBytes + (masked ? 4 : 0)
  const frame = Buffer.allocUnsafe(start + length)
  frame[0] = 0x80 | opcode.text
  const form = lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127
  frame[1] = form | (masked ? 0x80 : 0)
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.write(text, start)
  if (masked) mask(frame, start)
  return frame
}

function mask(frame: Buffer, start: number): void {
  const key = randomFillSync(frame, start - 4, 4).subarray(start - 4, start)
  for (let index = start; index < frame.length; index += 1) {
    frame[index] = (frame[index] as number) ^ (key[(index - start) & 3] as number)
  }
}
