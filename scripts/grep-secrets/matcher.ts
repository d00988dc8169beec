import { minLength, type Pattern } from './forms.ts'

const hashBits = 22

/** Mixes eight bytes, given as two words. */
function hashOf(low: number, high: number): number {
  return (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> (32 - hashBits)
}

/**
 * Finds any of very many byte strings in one pass: the first eight bytes of each are hashed, and the
 * eight bytes at every position of the text are looked up (Rabin and Karp's way).
 */
export class Matcher {
  readonly #isKnown = new Uint8Array(1 << hashBits)
  readonly #byHash = new Map<number, Pattern[]>()
  /** Bytes of the longest one. */
  readonly longest: number
  readonly count: number

  constructor(patterns: Iterable<Pattern>) {
    const seen = new Set<string>()
    let longest = minLength
    for (const pattern of patterns) {
      const { bytes } = pattern
      const key = bytes.toString('latin1')
      if (seen.has(key)) continue
      seen.add(key)
      const hash = hashOf(bytes.readInt32LE(0), bytes.readInt32LE(4))
      this.#isKnown[hash] = 1
      const others = this.#byHash.get(hash)
      if (others === undefined) this.#byHash.set(hash, [pattern])
      else others.push(pattern)
      longest = Math.max(longest, bytes.length)
    }
    this.longest = longest
    this.count = seen.size
  }

  /** Calls `found` for every place where one of them stands whole, with its first and last index. */
  search(text: Buffer, found: (start: number, end: number, pattern: Pattern) => void): void {
    const isKnown = this.#isKnown
    let [low, high] = [0, 0]
    for (let end = 0; end < text.length; end += 1) {
      low = (low >>> 8) | (high << 24)
      high = (high >>> 8) | ((text[end] ?? 0) << 24)
      if (end < minLength - 1 || isKnown[hashOf(low, high)] !== 1) continue
      const start = end - minLength + 1
      for (const pattern of this.#byHash.get(hashOf(low, high)) ?? []) {
        const { length } = pattern.bytes
        if (start + length > text.length) continue
        if (text.compare(pattern.bytes, 0, length, start, start + length) === 0) {
          found(start, start + length, pattern)
        }
      }
    }
  }
}
