import { isDeepStrictEqual } from 'node:util'
import { listenerSchema } from './schema/listener.ts'
import type { SchemaNode } from './schema/node.ts'
import type { Config, ListenerConfig } from './schema.ts'
import { schemaRoot } from './validate.ts'

export interface ReloadPlan {
  /** Everything that changed can be taken over by the running process. */
  readonly live: boolean
  /** The changed keys that cannot, as people write them. */
  readonly needsRestart: readonly string[]
}

/** Compares two configurations: which changes does a running process have to leave alone? */
export function diffReload(before: Config, after: Config): ReloadPlan {
  const needsRestart = [
    ...restartKeys(schemaRoot, [])
      .filter((path) => !isDeepStrictEqual(valueAt(before, path), valueAt(after, path)))
      .map((path) => path.join('.')),
    ...listenerChanges(before.listeners, after.listeners),
  ]
  return { live: needsRestart.length === 0, needsRestart }
}

/** The keys that the schema marks, but for those of listeners, which have no place of their own. */
function restartKeys(node: SchemaNode, path: readonly string[]): string[][] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    ...(child['x-restart'] ? [[...path, key]] : []),
    ...restartKeys(child, [...path, key]),
  ])
}

/** Listeners are told apart by name, so that their order in the file does not matter. */
function listenerChanges(before: readonly ListenerConfig[], after: readonly ListenerConfig[]): string[] {
  const keys = restartKeys(listenerSchema as unknown as SchemaNode, []).filter(([key]) => key !== 'name')
  const names = [...new Set([...before, ...after].map((listener) => listener.name))]
  return names.flatMap((name) => {
    const [old, next] = [before, after].map((list) => list.find((listener) => listener.name === name))
    if (old === undefined || next === undefined) return [`listeners[${name}]`]
    return keys
      .filter((path) => !isDeepStrictEqual(valueAt(old, path), valueAt(next, path)))
      .map((path) => `listeners[${name}].${path.join('.')}`)
  })
}

/** `sealingKeyFile` of a file is `sealingKey` once it is loaded. */
function valueAt(root: object, path: readonly string[]): unknown {
  let node: unknown = root
  for (const key of path) {
    if (typeof node !== 'object' || node === null) return undefined
    const section = node as Record<string, unknown>
    node = key in section ? section[key] : section[key.replace(/File$/, '')]
  }
  return node
}
