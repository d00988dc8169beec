/** Castagnoli's polynomial, bits reversed (RFC 4960 appendix B). */
const polynomial = 0x82f63b78
const table = Uint32Array.from({ length: 256 }, (_, byte) => tableEntry(byte))

function tableEntry(byte: number): number {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
  return value >>> 0
}

/** CRC32C of all bytes; `previous` continues a checksum over what came before. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let value = ~previous
  for (const byte of bytes) value = (value >>> 8) ^ (table[(value ^ byte) & 0xff] ?? 0)
  return ~value >>> 0
}
