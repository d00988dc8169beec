import { crc32c } from '../../src/gate/crc32c.ts'

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

export interface HeaderParts {
  /** Version and command; 0x21 is PROXY, 0x20 LOCAL. */
  readonly command?: number
  readonly family?: number
  readonly source?: Uint8Array
  readonly destination?: Uint8Array
  readonly port?: number
  readonly tlvs?: readonly { readonly type: number; readonly value: Uint8Array }[]
  /** Adds a CRC32C TLV; the number is put over it, for a wrong one. */
  readonly checksum?: 'right' | number
}

/** An encoder of PROXY protocol v2 headers for tests. */
export function buildHeader(parts: HeaderParts): Buffer {
  const source = parts.source ?? Uint8Array.of(192, 0, 2, 7)
  const tlvs = (parts.tlvs ?? []).map(({ type, value }) => tlv(type, value))
  if (parts.checksum !== undefined) tlvs.push(tlv(3, new Uint8Array(4)))
  const block = Buffer.concat([
    source,
    parts.destination ?? source,
    u16(parts.port ?? 40_000),
    u16(443),
    ...tlvs,
  ])
  const family = parts.family ?? (source.length === 16 ? 0x21 : 0x11)
  const header = Buffer.concat([
    signature,
    Buffer.of(parts.command ?? 0x21, family),
    u16(block.length),
    block,
  ])
  if (parts.checksum !== undefined) {
    header.writeUInt32BE(parts.checksum === 'right' ? crc32c(header) : parts.checksum, header.length - 4)
  }
  return header
}

function tlv(type: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type), u16(value.length), value])
}

function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff)
}
