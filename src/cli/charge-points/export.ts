import type { Command } from 'commander'
import type { ChargePointRecord, Registry } from '../../store/store.ts'
import type { Shell } from '../shell.ts'
import { type StoreOptions, storeCommand, usageError, withStore } from '../store-command.ts'
import { csvLine } from './csv.ts'
import { pagesOf } from './pages.ts'

interface ExportOptions extends StoreOptions {
  readonly format: string
}

/** What `import` reads again; no password and no hash of one. */
const exportColumns = [
  'identity',
  'serialNumber',
  'securityProfile',
  'upgradeTo',
  'legacyTls',
  'migrating',
  'blocked',
  'onboarding',
  'factoryCertificate',
] as const

export function exportCommand(shell: Shell): Command {
  const examples = ['charge-points export > fleet.csv', 'charge-points export --format json > fleet.json']
  return storeCommand('export', shell, examples)
    .description('write all charge points in the form that import reads; passwords are never part of it')
    .option('--format <format>', 'csv or json', 'csv')
    .action((options: ExportOptions) =>
      withStore(shell, options, 'existing', async ({ store: { registry } }) => {
        if (options.json || options.format === 'json') await writeJson(shell, registry)
        else if (options.format === 'csv') await writeCsv(shell, registry)
        else throw usageError('--format must be csv or json')
      }),
    )
}

async function writeCsv(shell: Shell, registry: Registry): Promise<void> {
  await shell.out(csvLine(exportColumns))
  for await (const page of pagesOf(registry, {}, Number.MAX_SAFE_INTEGER)) {
    await shell.out(
      page.map((record) => csvLine(exportColumns.map((column) => cellOf(columnOf(record, column))))).join(''),
    )
  }
}

async function writeJson(shell: Shell, registry: Registry): Promise<void> {
  let separator = '[\n'
  for await (const page of pagesOf(registry, {}, Number.MAX_SAFE_INTEGER)) {
    await shell.out(separator + page.map(jsonOf).join(',\n'))
    separator = ',\n'
  }
  await shell.out(separator === '[\n' ? '[]\n' : '\n]\n')
}

function jsonOf(record: ChargePointRecord): string {
  return JSON.stringify(Object.fromEntries(exportColumns.map((column) => [column, columnOf(record, column)])))
}

/** How far an onboarding is stays here: where it is imported, it has not begun. */
function columnOf(record: ChargePointRecord, column: (typeof exportColumns)[number]) {
  switch (column) {
    case 'onboarding':
      // One whose certificate has expired is an expectation of nobody.
      return record.onboarding === null || record.onboarding.via === 'expired-certificate'
        ? null
        : record.onboarding.via
    case 'factoryCertificate':
      return record.onboarding?.certificate ?? null
    default:
      return record[column]
  }
}

function cellOf(value: string | number | boolean | null): string {
  return value === null ? '' : String(value)
}
