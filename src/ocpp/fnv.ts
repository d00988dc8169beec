/** FNV-1a, 32 bits, of `bytes[from..to)`: for tables of names and ids, never for security. */
export function fnv1a(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let index = from; index < to; index += 1) {
    hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193)
  }
  return hash
}
