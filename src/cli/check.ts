import type { Command } from 'commander'
import { defaultConfigPath, loadConfig } from '../config/load.ts'
import { byPosition, type Finding, formatFinding } from '../config/problem.ts'
import { checkLoaded } from './check/checks.ts'
import { machineContext } from './check/context.ts'
import { printable } from './output.ts'
import { processShell, type Shell } from './shell.ts'
import { plainCommand } from './store-command.ts'

const help = `
Reads the configuration, then opens every certificate, key and trust file that it names.

Examples:
  ocpp-security-proxy check
  ocpp-security-proxy check --config config/quickstart.yaml --json

Exit codes: 0 fine (warnings are), 1 found wrong, 2 used wrong`

/** `check`: would the proxy start with this configuration, and what is worth knowing about it? */
export function checkCommand(shell: Shell = processShell()): Command {
  return plainCommand('check', shell)
    .description('check a configuration and every file that it names')
    .option('--config <file>', 'configuration', defaultConfigPath)
    .option('--json', 'write JSON')
    .addHelpText('after', help)
    .action(async (options: { config: string; json?: true }) => {
      const findings = checkFile(options.config, shell)
      const errors = findings.filter((finding) => finding.level === 'error').length
      await shell.out(options.json ? asJson(options.config, findings) : asText(options.config, findings))
      shell.setExitCode(errors > 0 ? 1 : 0)
    })
}

/** Everything that is wrong with a configuration file and with the files that it names. */
export function checkFile(path: string, shell: Pick<Shell, 'env' | 'now'>): readonly Finding[] {
  const loaded = loadConfig(path, { env: shell.env })
  if (!loaded.ok) return [...loaded.problems, ...loaded.warnings].sort(byPosition)
  return checkLoaded(loaded, machineContext(loaded.config, shell.now()))
}

function asText(path: string, findings: readonly Finding[]): string {
  const lines = findings.map((finding) => `${finding.level.padEnd(7)} ${formatFinding(finding)}`)
  const [errors, warnings] = (['error', 'warning'] as const).map(
    (level) => findings.filter((finding) => finding.level === level).length,
  )
  const verdict = errors ? 'the proxy does not start with this' : 'fine'
  const counts = `${count(errors ?? 0, 'error')}, ${count(warnings ?? 0, 'warning')}`
  return [...lines, `${path}: ${counts}; ${verdict}`].map((line) => `${printable(line)}\n`).join('')
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`

function asJson(path: string, findings: readonly Finding[]): string {
  const ok = findings.every((finding) => finding.level !== 'error')
  const flat = findings.map(({ position, ...rest }) => ({
    ...rest,
    line: position?.line ?? null,
    column: position?.column ?? null,
  }))
  return `${JSON.stringify({ ok, file: path, findings: flat }, null, 2)}\n`
}
