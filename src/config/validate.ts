import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { type KeyFinding, type KeyPath, problem } from './problem.ts'
import { childOf, type SchemaNode } from './schema/node.ts'
import { type ConfigFile, configSchema } from './schema.ts'
import { schemaProblem } from './schema-words.ts'

export const schemaRoot = configSchema as unknown as SchemaNode

/** Nobody reads more of them, and the wrong file can have a hundred thousand. */
const maxFindings = 300

const vocabulary = [
  'x-kind',
  'x-minimum',
  'x-maximum',
  'x-restart',
  'x-secret',
  'x-requirements',
  'x-expects',
  'x-pattern-words',
]

function compile(): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, useDefaults: true, verbose: true, allowUnionTypes: true })
  ajv.addVocabulary(vocabulary)
  return ajv.compile(configSchema)
}

export interface Validated {
  readonly findings: readonly KeyFinding[]
  /**
   * The file with its defaults. When there are findings, what is wrong was taken out, so that the
   * rules can still look at the rest; null when nothing usable was left.
   */
  readonly file: ConfigFile | null
  /** Items were taken out of lists: the path in the file of a path in `file`. */
  originalPath(path: KeyPath): KeyPath
}

/** Holds a value against the schema. `value` is changed: defaults are filled in. */
export function validateFile(value: unknown, hidden: (path: KeyPath) => boolean): Validated {
  const validate = compile()
  const removed = new Map<string, number[]>()
  const originalPath = (path: KeyPath) => restoreIndexes(path, removed)
  let findings: KeyFinding[] | undefined
  const root = { value }
  // Each round takes out what the one before complained about; a section may fall with its last key.
  for (let round = 0; round < 12; round++) {
    if (validate(root.value)) {
      return { findings: findings ?? [], file: root.value as ConfigFile, originalPath }
    }
    const errors = relevant(validate.errors ?? [])
    if (coerceSubstituted(errors, root.value, hidden)) continue
    findings ??= errors
      .slice(0, maxFindings)
      .map((error) => schemaProblem(error, pathOf(error), schemaRoot, hidden))
    if (!takeOut(errors, root, removed)) break
  }
  return { findings: findings ?? [problem([], 'cannot be understood')], file: null, originalPath }
}

export function pathOf(error: ErrorObject): (string | number)[] {
  const path: (string | number)[] = []
  let node: SchemaNode | undefined = schemaRoot
  for (const raw of error.instancePath.split('/').slice(1)) {
    const part = raw.replaceAll('~1', '/').replaceAll('~0', '~')
    const key: string | number = node?.items && /^[0-9]+$/.test(part) ? Number(part) : part
    path.push(key)
    node = node && childOf(node, key)
  }
  return path
}

/** Of a choice between shapes, ajv reports the problems of every branch; people meant one of them. */
function relevant(errors: readonly ErrorObject[]): ErrorObject[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf')
  return errors.filter((error) => {
    for (const choice of choices) {
      const object = typeof choice.data === 'object' && choice.data !== null && !Array.isArray(choice.data)
      if (error === choice) return !object
      if (
        !error.schemaPath.startsWith(`${choice.schemaPath}/`) ||
        !error.instancePath.startsWith(choice.instancePath)
      )
        continue
      // The branch of an object is the one that does not stumble over its type, or over a constant.
      const atChoice = error.instancePath === choice.instancePath
      if (!object || (atChoice && (error.keyword === 'type' || error.keyword === 'const'))) return false
    }
    return true
  })
}

/** `${PORT}` is text to YAML; where a number or a flag is wanted, the text of a variable may be one. */
function coerceSubstituted(
  errors: readonly ErrorObject[],
  root: unknown,
  hidden: (path: KeyPath) => boolean,
): boolean {
  let changed = false
  for (const error of errors) {
    const path = pathOf(error)
    const key = path.at(-1)
    const parent = parentOf(root, path)
    if (typeof error.data !== 'string' || !hidden(path) || key === undefined || parent === undefined) continue
    const schema = error.parentSchema as SchemaNode | undefined
    const value = asScalar(error.data)
    const wanted =
      error.keyword === 'type' ||
      error.keyword === 'anyOf' ||
      (error.keyword === 'enum' && schema?.enum?.includes(value as number))
    if (!wanted || typeof value === 'string') continue
    parent[key] = value
    changed = true
  }
  return changed
}

function asScalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : text
}

function parentOf(root: unknown, path: KeyPath): Record<string | number, unknown> | undefined {
  let node: unknown = root
  for (const key of path.slice(0, -1)) {
    if (typeof node !== 'object' || node === null) return undefined
    node = (node as Record<string | number, unknown>)[key]
  }
  return typeof node === 'object' && node !== null ? (node as Record<string | number, unknown>) : undefined
}

/**
 * What the file cannot be without gets a harmless value, so that the rest of it is looked at still;
 * findings about it would be dropped as consequences.
 */
const standIns: Readonly<Record<string, unknown>> = {
  listeners: [{ name: 'x', address: '127.0.0.1:0', securityProfile: 1 }],
  centralSystem: { url: 'ws://127.0.0.1' },
  'centralSystem.url': 'ws://127.0.0.1',
  store: { sqlite: 'x' },
  'store.sqlite': 'x',
}

function standIn(error: ErrorObject, path: KeyPath, root: unknown): boolean {
  const missing = error.keyword === 'required' ? [...path, String(error.params.missingProperty)] : path
  const value = standIns[missing.join('.')]
  const parent = parentOf(root, missing)
  const key = missing.at(-1)
  if (value === undefined || parent === undefined || key === undefined) return false
  parent[key] = structuredClone(value)
  return true
}

/** Removes what the errors are about; false when there is nothing to remove. */
function takeOut(
  errors: readonly ErrorObject[],
  root: { value: unknown },
  removed: Map<string, number[]>,
): boolean {
  const items = new Map<string, { list: unknown[]; path: KeyPath; indexes: Set<number> }>()
  let changed = false
  for (const error of errors) {
    const path = pathOf(error)
    if (standIn(error, path, root.value)) {
      changed = true
      continue
    }
    if (error.keyword === 'additionalProperties') path.push(String(error.params.additionalProperty))
    const key = path.at(-1)
    const parent = parentOf(root.value, path)
    if (key === undefined || parent === undefined) continue
    if (Array.isArray(parent) && typeof key === 'number') {
      const id = JSON.stringify(path.slice(0, -1))
      const entry = items.get(id) ?? { list: parent, path: path.slice(0, -1), indexes: new Set<number>() }
      entry.indexes.add(key)
      items.set(id, entry)
    } else if (Object.hasOwn(parent, key)) {
      delete parent[key]
      changed = true
    }
  }
  // Deepest lists first, so that the paths of the outer ones still hold.
  for (const { list, path, indexes } of [...items.values()].sort((a, b) => b.path.length - a.path.length)) {
    const where = restoreIndexes(path, removed)
    for (const index of [...indexes].sort((a, b) => b - a)) {
      const original = restoreIndexes([...path, index], removed).at(-1)
      list.splice(index, 1)
      const id = JSON.stringify(where)
      removed.set(
        id,
        [...(removed.get(id) ?? []), Number(original)].sort((a, b) => a - b),
      )
      changed = true
    }
  }
  return changed
}

function restoreIndexes(path: KeyPath, removed: ReadonlyMap<string, readonly number[]>): KeyPath {
  const result: (string | number)[] = []
  for (const key of path) {
    if (typeof key === 'string') {
      result.push(key)
      continue
    }
    let index = key
    for (const gone of removed.get(JSON.stringify(result)) ?? []) if (gone <= index) index += 1
    result.push(index)
  }
  return result
}
