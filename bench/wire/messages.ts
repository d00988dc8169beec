/**
 * The traffic of the bench: one CALL and one answer, both of the same size, as whole frames that
 * are built once. Only the eight digits of the message id change from one message to the next.
 */

/** Length in characters of every message id of the bench. */
export const idLength = 8
/** Where the id starts in a message: after `[2,"`. */
export const idOffset = 4
/** Header of a server frame (RFC 6455 5.2) whose payload takes the 16 bit length. */
export const serverHeaderLength = 4
/** The same of a client frame: the mask is four bytes more. */
export const clientHeaderLength = 8

const finalText = 0x81
const masked = 0x80
const length16 = 126

/** The JSON text of a CALL of exactly `size` bytes, with the id `00000000`. Throws RangeError when too small. */
export function callText(size: number): string {
  return fill(
    '[2,"00000000","MeterValues",{"connectorId":1,"transactionId":4711,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"',
    '"}]}]}]',
    size,
  )
}

/** The JSON text of the answer to it, of the same size. */
export function answerText(size: number): string {
  return fill('[3,"00000000",{"filler":"', '"}]', size)
}

function fill(head: string, tail: string, size: number): string {
  const missing = size - head.length - tail.length
  if (missing < 1 || size > 0xffff || size < length16) {
    throw new RangeError(
      `a message of ${size} bytes cannot be made: from ${head.length + tail.length + 1} to 65535`,
    )
  }
  return head + '7'.repeat(missing) + tail
}

/** A server's text frame around `text`; 126 to 65535 bytes. */
export function serverFrame(text: string): Buffer {
  const payload = Buffer.from(text, 'latin1')
  const frame = Buffer.allocUnsafe(serverHeaderLength + payload.length)
  frame[0] = finalText
  frame[1] = length16
  frame.writeUInt16BE(payload.length, 2)
  payload.copy(frame, serverHeaderLength)
  return frame
}

/** A client's text frame around `text`, masked with `mask` (four bytes, RFC 6455 5.3). */
export function clientFrame(text: string, mask: Buffer): Buffer {
  const payload = Buffer.from(text, 'latin1')
  const frame = Buffer.allocUnsafe(clientHeaderLength + payload.length)
  frame[0] = finalText
  frame[1] = masked | length16
  frame.writeUInt16BE(payload.length, 2)
  mask.copy(frame, serverHeaderLength)
  for (let i = 0; i < payload.length; i++) {
    frame[clientHeaderLength + i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0)
  }
  return frame
}

/** Writes message number `count` as the id into a client frame, masked with the frame's own mask. */
export function stampId(frame: Buffer, count: number): void {
  let rest = count
  for (let i = idLength - 1; i >= 0; i--) {
    const digit = 0x30 + (rest % 10)
    rest = Math.floor(rest / 10)
    const at = idOffset + i
    frame[clientHeaderLength + at] = digit ^ (frame[serverHeaderLength + (at & 3)] ?? 0)
  }
}

/** Does the server frame in `buffer` from `start` carry message number `count`? */
export function hasId(buffer: Uint8Array, start: number, count: number): boolean {
  let rest = count
  for (let i = idLength - 1; i >= 0; i--) {
    if (buffer[start + serverHeaderLength + idOffset + i] !== 0x30 + (rest % 10)) return false
    rest = Math.floor(rest / 10)
  }
  return true
}

/** `CP-000001` for 1: the identities that every peer knows. */
export function identityOf(number: number): string {
  return `CP-${String(number).padStart(6, '0')}`
}
