import { opcode } from '../../src/relay/opcode.ts'

/** Frames for tests, written by the letter of RFC 6455 5.2 and independent of the code under test. */
export interface FrameParts {
  readonly opcode?: number
  readonly fin?: boolean
  readonly rsv?: number
  readonly payload?: Buffer | string
  /** Four bytes; none: the frame is not masked. */
  readonly mask?: Buffer | null
  /** How the length is written; default the shortest form. */
  readonly lengthForm?: 'shortest' | '16' | '64'
}

export const testMask = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

export function frame(parts: FrameParts = {}): Buffer {
  const payload = Buffer.from(parts.payload ?? '')
  const mask = parts.mask ?? null
  const first = (parts.fin === false ? 0 : 0x80) | ((parts.rsv ?? 0) << 4) | (parts.opcode ?? opcode.text)
  const length = lengthBytes(payload.length, parts.lengthForm ?? 'shortest')
  length[0] = (length[0] ?? 0) | (mask === null ? 0 : 0x80)
  if (mask === null) return Buffer.concat([Buffer.of(first), length, payload])
  const hidden = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return Buffer.concat([Buffer.of(first), length, mask, hidden])
}

function lengthBytes(length: number, form: 'shortest' | '16' | '64'): Buffer {
  if (form === 'shortest' && length < 126) return Buffer.of(length)
  if (form === '16' || (form === 'shortest' && length < 65_536)) {
    const bytes = Buffer.of(126, 0, 0)
    bytes.writeUInt16BE(length, 1)
    return bytes
  }
  const bytes = Buffer.alloc(9)
  bytes[0] = 127
  bytes.writeBigUInt64BE(BigInt(length), 1)
  return bytes
}

export interface ReadFrame {
  readonly fin: boolean
  readonly opcode: number
  readonly masked: boolean
  readonly payload: Buffer
  /** The frame as it came. */
  readonly bytes: Buffer
}

/** The whole frames at the beginning of `bytes`, without any check. */
export function readFrames(bytes: Buffer): ReadFrame[] {
  const frames: ReadFrame[] = []
  let at = 0
  while (bytes.length - at >= 2) {
    const second = bytes[at + 1] ?? 0
    const form = second & 0x7f
    const lengthEnd = at + 2 + (form === 127 ? 8 : form === 126 ? 2 : 0)
    const payloadStart = lengthEnd + (second >= 0x80 ? 4 : 0)
    if (bytes.length < payloadStart) break
    const length =
      form === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : form === 126 ? bytes.readUInt16BE(at + 2) : form
    if (bytes.length < payloadStart + length) break
    const mask = second >= 0x80 ? bytes.subarray(lengthEnd, payloadStart) : Buffer.alloc(4)
    const hidden = bytes.subarray(payloadStart, payloadStart + length)
    const first = bytes[at] ?? 0
    frames.push({
      fin: first >= 0x80,
      opcode: first & 0x0f,
      masked: second >= 0x80,
      payload: Buffer.from(hidden.map((byte, index) => byte ^ (mask[index % 4] ?? 0))),
      bytes: bytes.subarray(at, payloadStart + length),
    })
    at = payloadStart + length
  }
  return frames
}

/** Payload of a Close frame. */
export function closePayload(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return payload
}

/** The messages among `frames`, put together. */
export function textsOf(frames: readonly ReadFrame[]): string[] {
  const texts: string[] = []
  let open: Buffer[] = []
  for (const one of frames) {
    if (one.opcode >= 0x8) continue
    open.push(one.payload)
    if (!one.fin) continue
    texts.push(Buffer.concat(open).toString())
    open = []
  }
  return texts
}
