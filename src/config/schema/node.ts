import type { Kind } from './kinds.ts'

/** A JSON Schema as far as ours goes: what the loader, the reload and the documents read off it. */
export interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly required?: readonly string[]
  readonly enum?: readonly (string | number)[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly description?: string
  readonly default?: unknown
  readonly 'x-kind'?: Kind
  readonly 'x-minimum'?: number
  readonly 'x-maximum'?: number
  readonly 'x-restart'?: true
  readonly 'x-secret'?: true
  readonly 'x-requirements'?: readonly string[]
  readonly 'x-expects'?: string
  readonly 'x-pattern-words'?: string
}

/** The schema of the value behind a key of an object, or of an item of an array. */
export function childOf(node: SchemaNode, key: string | number): SchemaNode | undefined {
  if (typeof key === 'number') return node.items
  if (node.properties && Object.hasOwn(node.properties, key)) return node.properties[key]
  const rest = node.patternProperties && Object.values(node.patternProperties)[0]
  if (rest) return rest
  return node.anyOf?.find((branch) => branch.properties && Object.hasOwn(branch.properties, key))
    ?.properties?.[key]
}

/** Of several possible shapes, the one that a value tries to have: an object means the object. */
export function branchFor(node: SchemaNode, value: unknown): SchemaNode {
  if (!node.anyOf) return node
  const isObject = typeof value === 'object' && value !== null
  return (isObject ? node.anyOf.find((branch) => branch.properties) : undefined) ?? node
}
