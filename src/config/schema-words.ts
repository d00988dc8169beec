import type { ErrorObject } from 'ajv/dist/2020.js'
import { isReasonCode } from '../policy/reasons.ts'
import { isSecret } from './hidden.ts'
import { formatKey, type KeyFinding, type KeyPath, problem, quote } from './problem.ts'
import type { Kind } from './schema/kinds.ts'
import { branchFor, childOf, type SchemaNode } from './schema/node.ts'
import { nearest } from './suggest.ts'

/**
 * What is wrong by the schema, in plain words. `hidden` tells which values came from environment
 * variables; they and secrets are never quoted.
 */
export function schemaProblem(
  error: ErrorObject,
  path: KeyPath,
  root: SchemaNode,
  hidden: (path: KeyPath) => boolean,
): KeyFinding {
  const schema = (error.parentSchema ?? {}) as SchemaNode
  const ids = schema['x-requirements'] ?? []
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, path, root)
    case 'required': {
      const missing = [...path, String(error.params.missingProperty)]
      const child = schema.properties?.[String(error.params.missingProperty)]
      return problem(
        missing,
        `is missing${child?.description ? `: ${lowerFirst(firstSentence(child.description))}` : ''}`,
        child?.['x-requirements'],
      )
    }
    case 'uniqueItems':
      return problem(
        path,
        `the same value stands at ${error.params.j} and ${error.params.i} (counted from 0)`,
        ids,
      )
    case 'minItems':
      return problem(path, `must hold at least ${count(Number(error.params.limit), 'value')}`, ids)
    case 'maxItems':
    case 'maxProperties':
      return problem(path, `must hold at most ${count(Number(error.params.limit), 'value')}`, ids)
    default:
      return problem(path, `${got(error.data, path, root, hidden)}must be ${expectation(error, schema)}`, ids)
  }
}

/** What a key wants, in words. */
function expectation(error: ErrorObject, schema: SchemaNode): string {
  if (schema['x-expects'] !== undefined) return schema['x-expects']
  if (schema['x-kind'] !== undefined && error.keyword !== 'minLength' && error.keyword !== 'maxLength') {
    return kindWords[schema['x-kind']]
  }
  switch (error.keyword) {
    case 'enum':
      return oneOf(schema.enum ?? [])
    case 'type':
      return schema.enum ? oneOf(schema.enum) : typeWords(error.params.type)
    case 'pattern':
      return schema['x-pattern-words'] ?? `text of the form ${schema.pattern ?? ''}`
    case 'minimum':
    case 'maximum':
      return `a whole number from ${schema.minimum ?? 0} to ${schema.maximum ?? 'any'}`
    case 'minLength':
      return 'a text that is not empty'
    case 'maxLength':
      return `a text of at most ${error.params.limit} characters`
    default:
      return 'something else'
  }
}

export const kindWords: Readonly<Record<Kind, string>> = {
  duration: 'a time with its unit, such as 500ms, 10s, 2m, 1h or 90d',
  size: 'a number of bytes, or a size such as 16KiB or 1MiB',
  address: 'host:port, such as 0.0.0.0:8443 or [::1]:8443',
  file: 'the path of a file',
  'file-or-url': 'the path of a file, or an http:// or https:// URL',
  'secret-file': 'the path of a file',
  'data-file': 'the path of a file',
  network: 'a network, such as 10.0.0.0/8 or fd00::/8',
  url: 'a ws:// or wss:// URL',
}

function typeWords(type: unknown): string {
  switch (Array.isArray(type) ? type[0] : type) {
    case 'integer':
    case 'number':
      return 'a whole number'
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list'
    case 'object':
      return 'a section with keys of its own'
    default:
      return 'a text (put it in quotes)'
  }
}

function oneOf(values: readonly (string | number)[]): string {
  if (values.length === 1) return String(values[0])
  return `one of ${values.join(', ')}`
}

/** The value, when it is safe and short enough to be shown. */
function got(data: unknown, path: KeyPath, root: SchemaNode, hidden: (path: KeyPath) => boolean): string {
  if (data === null) return 'is empty; it '
  if (hidden(path) || isSecret(path, root)) return ''
  if (typeof data === 'string') return data.length <= 60 ? `${quote(data)} does not fit; it ` : ''
  return typeof data === 'number' || typeof data === 'boolean' ? `${data} does not fit; it ` : ''
}

function unknownKey(error: ErrorObject, path: KeyPath, root: SchemaNode): KeyFinding {
  const name = String(error.params.additionalProperty)
  let node: SchemaNode | undefined = root
  for (const key of path) node = node && childOf(node, key)
  const known = node ? Object.keys(branchFor(node, {}).properties ?? {}) : []
  const near = nearest(name, known)
  const elsewhere = near === null ? homeOf(name, root, []) : null
  const hint = isReasonCode(name)
    ? '; this check can be set nowhere: what it refuses could not go on'
    : near !== null
      ? `; did you mean ${near}?`
      : elsewhere !== null
        ? `; it belongs to ${elsewhere}`
        : known.length > 0 && known.length <= 12
          ? `; known here: ${known.join(', ')}`
          : ''
  return { level: 'error', path: [...path, name], text: `is no known key${hint}`, atKey: true }
}

/** The section in which a key of exactly this name exists: a wrong indentation is the usual cause. */
function homeOf(name: string, node: SchemaNode, path: KeyPath): string | null {
  if (path.length > 0 && node.properties && Object.hasOwn(node.properties, name)) {
    return formatKey(path).replaceAll('[0]', '[]')
  }
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const found = homeOf(name, child, [...path, key])
    if (found !== null) return found
  }
  for (const child of [...(node.items ? [node.items] : []), ...(node.anyOf ?? [])]) {
    const found = homeOf(name, child, node.items ? [...path, 0] : path)
    if (found !== null) return found
  }
  return null
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

const firstSentence = (text: string) => text.split(/(?<=[a-z)])[.:] /, 1)[0] ?? text

const lowerFirst = (text: string) =>
  /^[A-Z][a-z]/.test(text)
    ? text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')
    : text.replace(/\.$/, '')
