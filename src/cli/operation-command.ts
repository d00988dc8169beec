import type { Command } from 'commander'
import type { OperationOutcome } from '../usecases/operation/operation.ts'
import { type ApiOptions, apiClient, chargePointPath, withApiOptions } from './api-client.ts'
import { printable } from './output.ts'
import type { Shell } from './shell.ts'
import { guarded, parseInteger, plainCommand } from './store-command.ts'

/** Commands that ask something of a connected charge point: only a proxy that runs can do that. */

export interface OperationCommandOptions extends ApiOptions {
  readonly json?: true
  readonly timeout?: string
}

const longestSeconds = 600
/** The answer of the API comes a little after the operation has ended. */
const marginMs = 15_000

export function operationCommand(name: string, shell: Shell, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  ocpp-security-proxy ${example}`)
  return withApiOptions(
    plainCommand(name, shell)
      .argument('<identity>')
      .option('--config <file>', 'configuration of the running proxy', 'ocpp-security-proxy.yaml'),
  )
    .option('--timeout <seconds>', 'for all of it, reconnection included; the proxy has its own default')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      `\nExamples:\n${lines.join('\n')}\n\nExit codes: 0 done, 1 refused, failed or not known yet, 2 used wrong`,
    )
}

/** `--no-reset` is said to the proxy; without it, its configuration decides. */
export function resetOf({ reset }: { readonly reset: boolean }): Readonly<Record<string, boolean>> {
  return reset ? {} : { resetAfterRebootRequired: false }
}

/** Asks the proxy, waits, and tells how it ended. `rest`: of the path of the charge point. */
export async function runOperation(
  shell: Shell,
  options: OperationCommandOptions,
  request: {
    readonly identity: string
    readonly rest: string
    /** Throws a usage error. */
    readonly body: () => Readonly<Record<string, unknown>>
    readonly doing: string
  },
): Promise<void> {
  await guarded(shell, async () => {
    const { timeout } = options
    const seconds = timeout === undefined ? null : parseInteger(timeout, '--timeout', 1, longestSeconds)
    const body = { ...request.body(), ...(seconds === null ? {} : { timeoutSeconds: seconds }) }
    const call = { timeoutMs: (seconds ?? longestSeconds) * 1000 + marginMs, doing: request.doing }
    const path = chargePointPath(request.identity, request.rest)
    const outcome = await apiClient(shell, options).operate(path, body, call)
    if (!outcome.ok) shell.setExitCode(1)
    await tell(shell, options, request.identity, outcome)
  })
}

async function tell(
  shell: Shell,
  { json }: OperationCommandOptions,
  identity: string,
  outcome: OperationOutcome,
): Promise<void> {
  if (json) return shell.out(`${JSON.stringify({ identity, ...outcome })}\n`)
  const line = `${identity}: ${outcome.detail}`
  if (outcome.ok) return shell.out(`${printable(line)}\n`)
  shell.err(`error: ${printable(`${line} (${outcome.code})`)}\n`)
}
