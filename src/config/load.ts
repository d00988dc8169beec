import { resolve } from 'node:path'
import { messageOf } from '../policy/error.ts'
import { convertFile, type SecretFile } from './convert.ts'
import {
  byPosition,
  type Finding,
  formatKey,
  type KeyFinding,
  type KeyPath,
  type Position,
  problem,
  warning,
} from './problem.ts'
import { type ReadFile, readFileBounded } from './read.ts'
import { resolveConfig } from './resolve.ts'
import { rules } from './rules/rules.ts'
import type { Config } from './schema.ts'
import { decodeUtf8 } from './secrets.ts'
import type { Environment } from './substitute.ts'
import { schemaRoot, validateFile } from './validate.ts'
import { type ParsedYaml, parseYaml, pathId } from './yaml.ts'

export const defaultConfigPath = 'ocpp-security-proxy.yaml'
const maxConfigBytes = 1024 * 1024

export interface LoadOptions {
  readonly env?: Environment
  readonly readFile?: ReadFile
}

export type LoadResult = LoadedConfig | FailedConfig

export interface LoadedConfig {
  readonly ok: true
  /** The path as it was given. */
  readonly file: string
  readonly config: Config
  readonly warnings: readonly Finding[]
  /** The configuration file and every file that it names, absolute: what a watcher looks at. */
  readonly sources: readonly string[]
  /** Those of them that hold nothing but a secret. */
  readonly secretFiles: readonly SecretFile[]
  /** Where a key stands in the file, for findings of later checks. */
  locate(path: KeyPath): Position
}

export interface FailedConfig {
  readonly ok: false
  /** In order of position. */
  readonly problems: readonly Finding[]
  readonly warnings: readonly Finding[]
  readonly sources: readonly string[]
}

/**
 * Reads, checks and completes a configuration file. Every problem is returned at once; nothing is
 * thrown, whatever the file holds, and no text holds a secret.
 */
export function loadConfig(path: string, options: LoadOptions = {}): LoadResult {
  const { env = process.env, readFile = readFileBounded } = options
  const source = resolve(path)
  const text = readText(source, readFile)
  if (!text.ok) {
    const finding: Finding = {
      level: 'error',
      file: path,
      position: null,
      key: '',
      text: text.problem,
      requirements: [],
    }
    return { ok: false, problems: [finding], warnings: [], sources: [source] }
  }
  const parsed = parseYaml(text.value, env)
  const { config, findings, inputs, secretFiles } = judge(parsed, source, readFile)
  const placed = [
    ...parsed.findings.map((finding) => place(finding, path, finding.position)),
    ...findings.map((finding) => place(finding, path, parsed.locate(finding.path, finding.atKey))),
  ].sort(byPosition)
  const problems = placed.filter((finding) => finding.level === 'error')
  const warnings = placed.filter((finding) => finding.level === 'warning')
  const sources = [source, ...inputs]
  return config !== null && problems.length === 0
    ? { ok: true, file: path, config, warnings, sources, secretFiles, locate: (key) => parsed.locate(key) }
    : { ok: false, problems, warnings, sources }
}

function readText(
  source: string,
  readFile: ReadFile,
): { ok: true; value: string } | { ok: false; problem: string } {
  let content: Buffer
  try {
    content = readFile(source, maxConfigBytes)
  } catch (error) {
    return { ok: false, problem: messageOf(error) }
  }
  const text = decodeUtf8(content)
  if (text === undefined) return { ok: false, problem: 'is no UTF-8 text' }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: YAML 1.2 section 5.1 allows none of these
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text))
    return { ok: false, problem: 'holds binary data' }
  return { ok: true, value: text }
}

interface Judged {
  readonly config: Config | null
  readonly findings: readonly KeyFinding[]
  readonly inputs: readonly string[]
  readonly secretFiles: readonly SecretFile[]
}

/** Schema, values, rules over several keys, secrets; each looks at what the one before left whole. */
function judge(parsed: ParsedYaml, source: string, readFile: ReadFile): Judged {
  if (parsed.value === undefined || parsed.value === null) {
    const empty = parsed.findings.length === 0 ? [problem([], 'the file is empty')] : []
    return { config: null, findings: empty, inputs: [], secretFiles: [] }
  }
  const broken = parsed.findings.map((finding) => finding.path)
  const hidden = (path: KeyPath) => parsed.substituted.has(pathId(path))
  const written = plainPasswords(parsed.value, hidden)
  const validated = validateFile(parsed.value, hidden)
  const schema = validated.findings.filter((finding) => !broken.some((path) => related(path, finding.path)))
  if (validated.file === null)
    return { config: null, findings: [...schema, ...written], inputs: [], secretFiles: [] }

  const original = (finding: KeyFinding): KeyFinding => ({
    ...finding,
    path: validated.originalPath(finding.path),
  })
  const converted = convertFile(validated.file, source, schemaRoot, (path) =>
    hidden(validated.originalPath(path)),
  )
  const values = converted.findings.map(original)
  const known = [
    ...broken,
    ...schema.map((finding) => finding.path),
    ...values.map((finding) => finding.path),
  ]
  // What a rule finds beside a known problem is mostly its consequence.
  const fresh = (finding: KeyFinding) => !known.some((path) => related(path, finding.path))
  const ruled = rules
    .flatMap((rule) => [...rule(converted.file)])
    .map(original)
    .filter(fresh)
  const resolved = resolveConfig(converted.file, readFile)
  const secrets = resolved.findings.map(original).filter(fresh)
  return {
    config: resolved.config,
    findings: [...schema, ...values, ...ruled, ...secrets, ...written],
    inputs: converted.inputs,
    secretFiles: converted.secretFiles,
  }
}

/** A password that is written out in the file will be in backups and repositories (CWE-312). */
function plainPasswords(value: unknown, hidden: (path: KeyPath) => boolean): KeyFinding[] {
  return ['centralSystem', 'centralSystem201'].flatMap((section) =>
    plainPassword(value, [section, 'authorization', 'password'], hidden),
  )
}

function plainPassword(
  value: unknown,
  path: readonly string[],
  hidden: (path: KeyPath) => boolean,
): KeyFinding[] {
  let node = value
  for (const key of path)
    node = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined
  return typeof node === 'string' && !hidden(path)
    ? [
        warning(
          path,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the configuration
          'stands here in clear text; write ${NAME} and set it in the environment, or use passwordFile',
          ['CWE-312'],
        ),
      ]
    : []
}

/** Is one path the other's section, or the same? */
function related(a: KeyPath, b: KeyPath): boolean {
  const length = Math.min(a.length, b.length)
  return length > 0 && a.slice(0, length).every((part, index) => part === b[index])
}

function place(finding: KeyFinding, file: string, position: Position): Finding {
  const { level, path, text, requirements = [] } = finding
  return { level, file, position, key: formatKey(path), text, requirements }
}
