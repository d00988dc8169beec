import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import { type KeyFinding, type KeyPath, type Position, problem } from './problem.ts'
import { type Environment, substitute } from './substitute.ts'

/** A parsed configuration file: its value, and where everything stands in it. */
export interface ParsedYaml {
  readonly value: unknown
  readonly findings: readonly YamlFinding[]
  /** Formatted paths of texts that came out of environment variables: they are never shown. */
  readonly substituted: ReadonlySet<string>
  /** Where a key (or its value) stands; for something that is not there, where its section stands. */
  locate(path: KeyPath, atKey?: boolean): Position
}

/** A finding with its own place, because the tree has none for it. */
export interface YamlFinding extends KeyFinding {
  readonly position: Position
}

const maxDepth = 24
const maxNodes = 100_000
/** Anchors are a convenience of people; a bomb needs many (CWE-776). */
const maxAliases = 64

export const pathId = (path: KeyPath): string => JSON.stringify(path)

/** Parses YAML 1.2, puts environment variables in, and never throws, whatever the text. */
export function parseYaml(text: string, env: Environment): ParsedYaml {
  const lines = new LineCounter()
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const nothing = { value: undefined, substituted: new Set<string>(), locate: () => ({ line: 1, column: 1 }) }
  let document: Document.Parsed
  try {
    // uniqueKeys compares every key with every other one; the reader below finds duplicates in one pass.
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      version: '1.2',
    })
  } catch {
    const position = { line: 1, column: 1 }
    return {
      ...nothing,
      findings: [{ ...problem([], 'cannot be read as YAML: it is nested too deeply'), position }],
    }
  }
  const errors = [...document.errors, ...document.warnings]
  if (errors.length > 0) return { ...nothing, findings: syntaxFindings(errors, text, place) }
  const reader = new Reader(document, env, place)
  const value = document.contents === null ? undefined : reader.read(document.contents, [], 0)
  return {
    value,
    findings: reader.findings,
    substituted: reader.substituted,
    locate: (path, atKey) => place(reader.offsetOf(path, atKey ?? false)),
  }
}

/** One broken place makes the parser stumble on; only the first problem of a line is worth reading. */
function syntaxFindings(
  errors: readonly YAMLError[],
  text: string,
  place: (offset: number) => Position,
): YamlFinding[] {
  const seen = new Set<number>()
  const found: YamlFinding[] = []
  for (const error of [...errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    const position = place(error.pos[0])
    if (seen.has(position.line) || found.length >= 20) continue
    seen.add(position.line)
    const line = text.split('\n', position.line)[position.line - 1] ?? ''
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the configuration
    const hint = line.includes('${') ? '; inside { } and [ ] write "${NAME}" in quotes' : ''
    found.push({ ...problem([], syntaxText(error) + hint), position })
  }
  return found
}

/** In our own words: those of the library may quote the text, which may be a password. */
function syntaxText(error: YAMLError): string {
  switch (error.code) {
    case 'BAD_ALIAS':
      return 'a value that starts with * refers to an anchor; this one does not exist (quote the value if it is text)'
    case 'BAD_DQ_ESCAPE':
      return 'a backslash in "double quotes" starts an escape that YAML does not know; use single quotes'
    case 'BAD_INDENT':
      return 'the indentation does not fit, or a bracket before it is not closed'
    case 'BAD_SCALAR_START':
      return 'a value cannot start with this character; put it in quotes'
    case 'MISSING_CHAR':
      return 'a quote, bracket, comma or colon is missing'
    case 'MULTIPLE_DOCS':
      return 'the file holds several YAML documents; only one is allowed'
    case 'RESOURCE_EXHAUSTION':
      return 'is nested too deeply'
    case 'TAB_AS_INDENT':
      return 'tabs cannot be used for indentation'
    case 'TAG_RESOLVE_FAILED':
      return 'tags (a word after !) are not used here; put the value in quotes if it is text'
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'something is wrong before a colon: look for a missing line break, quote or space'
    default:
      return 'this is not valid YAML'
  }
}

/** Turns the tree into plain values in one bounded pass and keeps where each stood. */
class Reader {
  readonly findings: YamlFinding[] = []
  readonly substituted = new Set<string>()
  readonly #document: Document.Parsed
  readonly #env: Environment
  readonly #place: (offset: number) => Position
  readonly #offsets = new Map<string, { key: number; value: number }>()
  #nodes = 0
  #aliases = 0

  constructor(document: Document.Parsed, env: Environment, place: (offset: number) => Position) {
    this.#document = document
    this.#env = env
    this.#place = place
  }

  offsetOf(path: KeyPath, atKey: boolean): number {
    const exact = this.#offsets.get(pathId(path))
    if (exact) return atKey ? exact.key : exact.value
    // Something is missing: its section's own key is the line that a reader looks for.
    for (let length = path.length - 1; length > 0; length--) {
      const parent = this.#offsets.get(pathId(path.slice(0, length)))
      if (parent) return parent.key
    }
    return 0
  }

  read(node: Node, path: KeyPath, depth: number, keyOffset?: number): unknown {
    const offset = node.range?.[0] ?? keyOffset ?? 0
    this.#offsets.set(pathId(path), { key: keyOffset ?? offset, value: offset })
    this.#nodes += 1
    if (depth > maxDepth) return this.#refuse(path, offset, 'is nested too deeply')
    if (this.#nodes > maxNodes) return this.#refuse(path, offset, 'the file holds too many values', 'once')
    if (isAlias(node)) return this.#readAlias(node.resolve(this.#document), path, depth, offset)
    if (isMap(node)) return this.#readMap(node, path, depth)
    if (isSeq(node)) {
      return node.items.map((item, index) => this.read(item as Node, [...path, index], depth + 1))
    }
    return isScalar(node) ? this.#readScalar(node, path, offset) : null
  }

  #readAlias(target: Node | undefined, path: KeyPath, depth: number, offset: number): unknown {
    this.#aliases += 1
    if (this.#aliases > maxAliases)
      return this.#refuse(path, offset, 'the file refers to anchors too often', 'once')
    if (target === undefined) return this.#refuse(path, offset, 'refers to an anchor that does not exist')
    return this.read(target, path, depth + 1, offset)
  }

  #readMap(map: YAMLMap, path: KeyPath, depth: number): unknown {
    const result: Record<string, unknown> = {}
    for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
      const offset = key.range?.[0] ?? 0
      if (!isScalar(key) || typeof key.value !== 'string') {
        this.#refuse(path, offset, 'a key here is no text; put it in quotes')
        continue
      }
      const name = key.value
      if (Object.hasOwn(result, name)) {
        const first = this.#place(this.offsetOf([...path, name], true))
        this.#refuse([...path, name], offset, `stands here twice; first on line ${first.line}`)
        continue
      }
      const read = value === null ? null : this.read(value, [...path, name], depth + 1, offset)
      if (value === null) this.#offsets.set(pathId([...path, name]), { key: offset, value: offset })
      // Not by assignment: `__proto__` is a key like any other, and then an unknown one.
      Object.defineProperty(result, name, {
        value: read,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
    return result
  }

  #readScalar(node: Scalar, path: KeyPath, offset: number): unknown {
    if (typeof node.value === 'bigint') return Number(node.value)
    if (typeof node.value !== 'string') return node.value
    const outcome = substitute(node.value, this.#env)
    if (!outcome.ok) {
      for (const text of outcome.problems) this.#refuse(path, offset, text)
      return undefined
    }
    if (outcome.used) this.substituted.add(pathId(path))
    return outcome.text
  }

  #refuse(path: KeyPath, offset: number, text: string, mode?: 'once'): undefined {
    if (mode === 'once' && this.findings.some((finding) => finding.text === text)) return undefined
    if (this.findings.length < 100) {
      this.findings.push({ ...problem(path, text), position: this.#place(offset) })
    }
    return undefined
  }
}
