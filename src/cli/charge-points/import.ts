import { readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { reservedProblem } from '../../policy/identity.ts'
import type { Registry } from '../../store/store.ts'
import { type ApiOptions, withApiOptions } from '../api-client.ts'
import { printable } from '../output.ts'
import type { Shell } from '../shell.ts'
import { noteChange, type StoreOptions, storeCommand, usageError, withStore } from '../store-command.ts'
import { endBlocked } from './end-blocked.ts'
import { hashPasswords } from './hash-passwords.ts'
import { parseImportFile } from './import-file.ts'
import { checkRow, type ImportRow, type RowProblem } from './rows.ts'

const maxFileBytes = 256 * 1024 * 1024
const problemsShown = 200

interface ImportOptions extends StoreOptions, ApiOptions {
  readonly config: string
  readonly dryRun?: true
}

export function importCommand(shell: Shell): Command {
  const examples = ['charge-points import fleet.csv --dry-run', 'charge-points import fleet.json']
  return withApiOptions(storeCommand('import', shell, examples))
    .description(
      'add and update charge points from CSV (with a header) or a JSON array, all or nothing. Columns: identity, serialNumber, securityProfile, upgradeTo, legacyTls, migrating, blocked, onboarding (certificate, password or none), factoryCertificate (SHA-256), password (text or hexadecimal), passwordHash. An empty value changes nothing. A running proxy ends the sessions of those that are blocked.',
    )
    .argument('<file>', '- for standard input')
    .option('--dry-run', 'check everything, change nothing')
    .action((file: string, options: ImportOptions) =>
      withStore(shell, options, 'create', async ({ store, reserved }) => {
        const { rows, problems } = checkFile(await readText(file, shell), shell.now())
        for (const { where, identity } of rows) {
          const text = reservedProblem(identity, reserved)
          if (text !== null) problems.push({ where, text })
        }
        problems.push(...(await conflictsWithStore(store.registry, rows)))
        if (problems.length > 0) throw refused(problems)
        const known = await countKnown(store.registry, rows)
        if (!options.dryRun) {
          await store.registry.addAll(await hashPasswords(rows, shell))
          await noteChange({ store }, shell, null, `charge-points import of ${rows.length}`)
        }
        const result = { added: rows.length - known, updated: known, dryRun: options.dryRun === true }
        const words = result.dryRun ? 'would be' : 'were'
        const text = `${result.added} charge points ${words} added, ${result.updated} updated\n`
        await shell.out(options.json ? `${JSON.stringify(result)}\n` : text)
        const blocked = rows.filter(({ fields }) => fields.blocked === true).map(({ identity }) => identity)
        if (!result.dryRun) await endBlocked(shell, options, blocked)
      }),
    )
}

async function readText(file: string, shell: Shell): Promise<string> {
  try {
    const bytes = file === '-' ? await shell.input(maxFileBytes) : bytesOf(file)
    if (bytes === null) throw usageError(`standard input is a terminal, or over ${maxFileBytes} bytes`)
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof ProxyError) throw error
    throw usageError(`${file} cannot be read as UTF-8 text (${messageOf(error)})`)
  }
}

function bytesOf(file: string): Buffer {
  if (statSync(file).size > maxFileBytes) throw usageError(`${file} is over ${maxFileBytes} bytes`)
  return readFileSync(file)
}

/** Every row by itself, and the rows against each other. */
function checkFile(text: string, now: number): { rows: ImportRow[]; problems: RowProblem[] } {
  const file = parseImportFile(text)
  const problems = [...file.problems]
  const rows: ImportRow[] = []
  const identities = new Map<string, string>()
  const serialNumbers = new Map<string, string>()
  for (const raw of file.rows) {
    const checked = checkRow(raw, now)
    problems.push(...checked.problems)
    rows.push(checked.row)
    const { where, identity, fields } = checked.row
    noteOnce(identities, identity, where, 'identity', problems)
    if (typeof fields.serialNumber === 'string') {
      noteOnce(serialNumbers, fields.serialNumber, where, 'serialNumber', problems)
    }
  }
  return { rows, problems }
}

function noteOnce(
  seen: Map<string, string>,
  value: string,
  where: string,
  column: string,
  problems: RowProblem[],
): void {
  if (value === '') return
  const first = seen.get(value)
  if (first === undefined) seen.set(value, where)
  else problems.push({ where, text: `${column} ${value} stands in ${first} already` })
}

/** A serial number may move from one row's charge point to another's, but not from one outside of the file. */
async function conflictsWithStore(registry: Registry, rows: readonly ImportRow[]): Promise<RowProblem[]> {
  const moving = new Set(
    rows.filter(({ fields }) => fields.serialNumber !== undefined).map(({ identity }) => identity),
  )
  const problems: RowProblem[] = []
  for (const { where, identity, fields } of rows) {
    if (typeof fields.serialNumber !== 'string') continue
    const owner = await registry.findBySerialNumber(fields.serialNumber)
    if (owner === null || owner.identity === identity || moving.has(owner.identity)) continue
    problems.push({
      where,
      text: `serialNumber ${fields.serialNumber} belongs to charge point ${owner.identity}`,
    })
  }
  return problems
}

async function countKnown(registry: Registry, rows: readonly ImportRow[]): Promise<number> {
  let known = 0
  for (const { identity } of rows) if ((await registry.get(identity)) !== null) known += 1
  return known
}

function refused(problems: readonly RowProblem[]): ProxyError {
  const lines = problems
    .slice(0, problemsShown)
    .map(({ where, text }) => printable(`  ${where}: ${text}`).replaceAll('\n', ' '))
  const rest = problems.length - lines.length
  if (rest > 0) lines.push(`  and ${rest} more`)
  return new ProxyError(
    'import_refused',
    'operator',
    `nothing was imported, ${problems.length} problems:\n${lines.join('\n')}`,
  )
}
