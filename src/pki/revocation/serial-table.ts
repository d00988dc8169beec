/**
 * A set of serial numbers with a place for each, for CRLs of any length: an open hash table in one
 * typed array, because a Map of 100,000 strings costs ten times the memory and fills slowly. The
 * numbers stay where they are, in the bytes of the CRL; the table knows where each begins.
 *
 * Whoever signed the CRL chose the numbers, so nobody else can make them collide.
 */
export interface SerialTable {
  readonly size: number
  /** Where the entry with this serial number is; null: nowhere. */
  find(serialNumber: Buffer): number | null
}

/** Which bytes are the serial number of an entry. */
export interface SerialPlace {
  readonly start: number
  readonly end: number
}

/** `read` finds the serial number of the entry at a place; `places` are the places of all entries, none of them negative. */
export function createSerialTable(
  bytes: Buffer,
  places: readonly number[],
  read: (place: number) => SerialPlace,
): SerialTable {
  // Half empty, so that a search ends after a step or two.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(places.length * 2 + 2))).fill(-1)
  const mask = slots.length - 1
  for (const place of places) {
    const { start, end } = read(place)
    let at = hashOf(bytes, start, end) & mask
    while ((slots[at] ?? -1) >= 0) at = (at + 1) & mask
    slots[at] = place
  }
  return {
    size: places.length,
    find(serialNumber) {
      let at = hashOf(serialNumber, 0, serialNumber.length) & mask
      for (let place = slots[at] ?? -1; place >= 0; place = slots[at] ?? -1) {
        const { start, end } = read(place)
        if (bytes.compare(serialNumber, 0, serialNumber.length, start, end) === 0) return place
        at = (at + 1) & mask
      }
      return null
    },
  }
}

/** FNV-1a with 32 bits. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5
  for (let at = start; at < end; at++) value = Math.imul(value ^ (bytes[at] ?? 0), 0x01000193)
  // The low bits choose the slot: bring the high ones down.
  return (value ^ (value >>> 15)) >>> 0
}
