import { isUtf8 } from 'node:buffer'
import { randomInt } from 'node:crypto'
import { opcode } from './opcode.ts'

/** RFC 6455 7.4: codes that may stand in a Close frame. */
export function isSendableCloseCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006
}

/** What is wrong with the payload of a Close frame (RFC 6455 5.5.1), or null. */
export function closeProblem(payload: Buffer): string | null {
  if (payload.length === 0) return null
  if (payload.length === 1) return 'close frame with one byte of payload'
  const code = payload.readUInt16BE(0)
  if (!isSendableCloseCode(code)) return `close code ${code} must not be sent`
  return isUtf8(payload.subarray(2)) ? null : 'close reason that is not UTF-8'
}

/** The code of a Close frame's payload; 1005 when it has none (RFC 6455 7.1.5). */
export function closeCodeOf(payload: Buffer): number {
  return payload.length >= 2 ? payload.readUInt16BE(0) : 1005
}

/** A Close frame of ours; towards a server it is masked. The reason is cut to what fits. */
export function closeFrame(code: number, reason: string, masked: boolean): Buffer {
  const text = truncateUtf8(Buffer.from(reason), 123)
  const payload = Buffer.alloc(2 + text.length)
  payload.writeUInt16BE(code, 0)
  text.copy(payload, 2)
  return controlFrame(opcode.close, payload, masked)
}

/** A control frame of ours (RFC 6455 5.5); `payload` is at most 125 bytes. */
export function controlFrame(code: number, payload: Buffer, masked: boolean): Buffer {
  const header = Buffer.from([0x80 | code, (masked ? 0x80 : 0) | payload.length])
  if (!masked) return Buffer.concat([header, payload])
  const mask = Buffer.allocUnsafe(4)
  mask.writeUInt32LE(randomInt(2 ** 32))
  const hidden = Buffer.from(payload)
  for (let index = 0; index < hidden.length; index += 1) {
    hidden[index] = (hidden[index] as number) ^ (mask[index & 3] as number)
  }
  return Buffer.concat([header, mask, hidden])
}

function truncateUtf8(text: Buffer, max: number): Buffer {
  if (text.length <= max) return text
  let end = max
  while (end > 0 && ((text[end] as number) & 0xc0) === 0x80) end -= 1
  return text.subarray(0, end)
}
