/** WebSocket frames, written and read by hand (RFC 6455 5.2): for what no library would send. */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameParts {
  readonly opcode?: number
  readonly final?: boolean
  /** RFC 6455 5.3: null is a frame of a server. */
  readonly mask?: Buffer | null
  readonly reserved?: number
}

const usualMask = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

export function frame(payload: string | Buffer, parts: FrameParts = {}): Buffer {
  const { opcode = opcodes.text, final = true, mask = usualMask, reserved = 0 } = parts
  const bytes = Buffer.from(payload)
  const masked = mask === null ? 0 : 0x80
  const first = (final ? 0x80 : 0) | (reserved << 4) | opcode
  const header =
    bytes.length < 126
      ? Buffer.of(first, masked | bytes.length)
      : bytes.length < 65_536
        ? Buffer.of(first, masked | 126, bytes.length >> 8, bytes.length & 0xff)
        : Buffer.concat([Buffer.of(first, masked | 127), wide(bytes.length)])
  if (mask === null) return Buffer.concat([header, bytes])
  const hidden = bytes.map((byte, index) => byte ^ (mask[index & 3] ?? 0))
  return Buffer.concat([header, mask, hidden])
}

function wide(length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(length))
  return bytes
}

export interface ReadFrame {
  readonly opcode: number
  readonly payload: Buffer
}

/** The whole frames at the beginning of what a server sent. */
export function readFrames(bytes: Buffer): ReadFrame[] {
  const frames: ReadFrame[] = []
  let offset = 0
  while (bytes.length - offset >= 2) {
    let length = (bytes[offset + 1] ?? 0) & 0x7f
    let start = offset + 2
    if (length === 126) {
      if (bytes.length - offset < 4) break
      length = bytes.readUInt16BE(offset + 2)
      start = offset + 4
    } else if (length === 127) {
      if (bytes.length - offset < 10) break
      length = Number(bytes.readBigUInt64BE(offset + 2))
      start = offset + 10
    }
    if (bytes.length < start + length) break
    frames.push({ opcode: (bytes[offset] ?? 0) & 0x0f, payload: bytes.subarray(start, start + length) })
    offset = start + length
  }
  return frames
}

/** The code of the Close frame among these; null: there is none. */
export function closeCodeIn(frames: readonly ReadFrame[]): number | null {
  const close = frames.find(({ opcode }) => opcode === opcodes.close)
  if (close === undefined) return null
  return close.payload.length < 2 ? 1005 : close.payload.readUInt16BE(0)
}
