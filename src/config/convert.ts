import { dirname, resolve } from 'node:path'
import { isSecret } from './hidden.ts'
import { type KeyFinding, type KeyPath, problem, quote } from './problem.ts'
import type { Loaded } from './schema/kinds.ts'
import { branchFor, childOf, type SchemaNode } from './schema/node.ts'
import type { ConfigFile } from './schema.ts'
import { kindWords } from './schema-words.ts'
import { isHttpUrl, isNetwork, parseAddress, parseDuration, parseSize } from './values.ts'

/** A configuration file with its texts turned into values; secrets are still names of files. */
export type LoadedFile = Loaded<ConfigFile>

export interface SecretFile {
  readonly key: KeyPath
  readonly file: string
}

export interface Converted {
  /** Where a text was no value there is a harmless one of its kind, so that rules can still run. */
  readonly file: LoadedFile
  readonly findings: readonly KeyFinding[]
  /** Every file that the configuration reads, absolute. */
  readonly inputs: readonly string[]
  /** Those of them that hold nothing but a secret. */
  readonly secretFiles: readonly SecretFile[]
}

/** Turns the texts of a valid file into milliseconds, bytes, addresses and absolute paths. */
export function convertFile(
  file: ConfigFile,
  configPath: string,
  root: SchemaNode,
  hidden: (path: KeyPath) => boolean,
): Converted {
  const findings: KeyFinding[] = []
  const inputs = new Set<string>()
  const secretFiles: SecretFile[] = []
  const folder = dirname(resolve(configPath))

  const walk = (value: unknown, schema: SchemaNode | undefined, path: KeyPath): unknown => {
    const node = schema && branchFor(schema, value)
    if (Array.isArray(value)) return value.map((item, index) => walk(item, node?.items, [...path, index]))
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          walk(item, node && childOf(node, key), [...path, key]),
        ]),
      )
    }
    return node?.['x-kind'] === undefined ? value : convert(value, node, path)
  }

  const convert = (value: unknown, node: SchemaNode, path: KeyPath): unknown => {
    const kind = node['x-kind']
    const fail = (words: string) => {
      const quoted =
        typeof value === 'string' && !hidden(path) && !isSecret(path, root)
          ? `${quote(value)} does not fit; it `
          : ''
      findings.push(problem(path, `${quoted}must be ${words}`, node['x-requirements']))
      return standIn(kind)
    }
    switch (kind) {
      case 'duration': {
        const duration = parseDuration(String(value))
        return inBounds(duration, node) ? duration : fail(boundsWords(node, (bound) => durationText(bound)))
      }
      case 'size': {
        const bytes = parseSize(value as string | number)
        return inBounds(bytes, node) ? bytes : fail(boundsWords(node, (bound) => `${bound} bytes`))
      }
      case 'address':
        return parseAddress(String(value)) ?? fail(kindWords.address)
      case 'network':
        return isNetwork(String(value)) ? value : fail(kindWords.network)
      case 'file-or-url':
      case 'file':
      case 'secret-file':
      case 'data-file': {
        if (kind === 'file-or-url' && isHttpUrl(String(value))) return value
        if (String(value).includes('\0')) return fail(kindWords.file)
        const absolute = resolve(folder, String(value))
        if (kind !== 'data-file') inputs.add(absolute)
        if (kind === 'secret-file') secretFiles.push({ key: path, file: absolute })
        return absolute
      }
      case 'url':
      case undefined:
        return value
      default:
        return kind satisfies never
    }
  }

  const result = walk(file, root, [])
  return {
    file: result as LoadedFile,
    findings,
    inputs: [...inputs],
    secretFiles,
  }
}

/** Findings about it are dropped as consequences; it only has to be of the right type. */
function standIn(kind: SchemaNode['x-kind']): unknown {
  if (kind === 'address') return { host: '127.0.0.1', port: 0 }
  return kind === 'duration' || kind === 'size' ? 1 : ''
}

function inBounds(value: number | null, node: SchemaNode): value is number {
  return (
    value !== null &&
    value >= (node['x-minimum'] ?? 0) &&
    value <= (node['x-maximum'] ?? Number.MAX_SAFE_INTEGER)
  )
}

function boundsWords(node: SchemaNode, text: (bound: number) => string): string {
  return `from ${text(node['x-minimum'] ?? 0)} to ${text(node['x-maximum'] ?? Number.MAX_SAFE_INTEGER)}`
}

/** Milliseconds in the largest unit that fits without a rest. */
export function durationText(ms: number): string {
  if (ms === 0) return '0s'
  if (ms % 86_400_000 === 0) return `${ms / 86_400_000}d`
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`
  if (ms % 60_000 === 0) return `${ms / 60_000}m`
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}
