/**
 * Has an object in this JSON text a member twice? RFC 8259 4 leaves open which of the two a reader
 * takes: we would judge one, and a charge point might act on the other. `value` is what JSON.parse
 * made of the text. Every member has one colon outside of strings, and JSON.parse keeps one of each name.
 */
export function hasDuplicateMembers(text: string, value: unknown): boolean {
  return colonsIn(text) !== membersIn(value)
}

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a

function colonsIn(text: string): number {
  let count = 0
  let isInString = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (isInString) {
      if (code === backslash) at += 1
      else if (code === quote) isInString = false
    } else if (code === quote) isInString = true
    else if (code === colon) count += 1
  }
  return count
}

/** Without recursion: a hostile text may be nested deeper than the stack is. */
function membersIn(value: unknown): number {
  let count = 0
  const rest: unknown[] = [value]
  while (rest.length > 0) {
    const next = rest.pop()
    if (typeof next !== 'object' || next === null) continue
    const children: readonly unknown[] = Array.isArray(next) ? next : Object.values(next)
    if (!Array.isArray(next)) count += children.length
    for (const child of children) rest.push(child)
  }
  return count
}
