/**
 * Textual form of a 4-byte or 16-byte address: IPv6 as RFC 5952 has it, and IPv4-mapped IPv6 as
 * IPv4, so that one peer has one name. The caller answers for the length.
 */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const words = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0))
  const mapped = words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0)
  return mapped ? bytes.subarray(12).join('.') : compressed(words)
}

/** RFC 5952 4.2: the first of the longest runs of two or more zeroes becomes `::`. */
function compressed(words: readonly number[]): string {
  let best = 0
  let bestLength = 1
  for (let start = 0; start < 8; start += 1) {
    let length = 0
    while (words[start + length] === 0) length += 1
    if (length > bestLength) {
      best = start
      bestLength = length
    }
  }
  const text = (part: readonly number[]) => part.map((word) => word.toString(16)).join(':')
  if (bestLength < 2) return text(words)
  return `${text(words.slice(0, best))}::${text(words.slice(best + bestLength))}`
}
