const begin = '-----BEGIN CERTIFICATE-----'
const end = '-----END CERTIFICATE-----'

/**
 * The certificates of a PEM text in their order, each with its frame and a final line break; text
 * around them and other blocks (keys) are left out. A block without its END line is returned as it
 * stands, so that whoever reads it next says so: a trust file must not shrink silently.
 */
export function splitPem(text: string): string[] {
  const blocks: string[] = []
  for (let from = text.indexOf(begin); from >= 0; ) {
    const next = text.indexOf(begin, from + begin.length)
    const limit = next < 0 ? text.length : next
    const stop = text.indexOf(end, from)
    const whole = stop >= 0 && stop < limit
    blocks.push(`${text.slice(from, whole ? stop + end.length : limit).trimEnd()}\n`)
    from = next
  }
  return blocks
}
