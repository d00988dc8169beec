import type { KeyPath } from './problem.ts'
import { childOf, type SchemaNode } from './schema/node.ts'

/** Does this key, or a section around it, hold secrets? Their values never stand in a message. */
export function isSecret(path: KeyPath, root: SchemaNode): boolean {
  let node: SchemaNode | undefined = root
  for (const key of path) {
    node = node && childOf(node, key)
    if (node?.['x-secret']) return true
  }
  return false
}
