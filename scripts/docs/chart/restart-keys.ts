import type { SchemaNode } from '../../../src/config/schema/node.ts'
import { schemaRoot } from '../../../src/config/validate.ts'

/**
 * files/restart-keys.json of the chart: the paths of everything that waits for a restart, `[]` for each
 * item of a list. The pods are restarted when one of these changes, and for nothing else.
 */
export function restartKeysJson(): string {
  return `[\n${pathsOf(schemaRoot, [])
    .map((path) => `  ${JSON.stringify(path)}`)
    .join(',\n')}\n]\n`
}

function pathsOf(node: SchemaNode, path: readonly string[]): (readonly string[])[] {
  if (node['x-restart']) return [path]
  const named = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    pathsOf(child, [...path, key]),
  )
  const items = node.items === undefined ? [] : pathsOf(node.items, [...path, '[]'])
  return [...named, ...items, ...(node.anyOf ?? []).flatMap((branch) => pathsOf(branch, path))]
}
