import type { Command } from 'commander'
import { apiClient, withApiOptions } from '../api-client.ts'
import { printable } from '../output.ts'
import type { ChangeOptions } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { guarded, plainCommand } from '../store-command.ts'
import { pathOf } from './view.ts'

interface VerifyOptions extends Pick<ChangeOptions, 'json' | 'config' | 'adminUrl' | 'adminTokenFile'> {
  readonly location?: string
  readonly fetch: boolean
}

interface Verdict {
  readonly ok: boolean
  readonly problems: readonly { readonly code: string; readonly detail: string }[]
}

/** As long as `firmware.fetchTimeout` may be, and a little more. */
const verifyTimeoutMs = 6 * 3_600_000 + 60_000

/** `firmware verify`: what the running proxy does before an update, now. */
export function verifyCommand(shell: Shell): Command {
  return withApiOptions(
    plainCommand('verify', shell)
      .argument('<name>')
      .option('--config <file>', 'configuration of the running proxy', 'ocpp-security-proxy.yaml'),
  )
    .description('let the running proxy verify certificate and image as before an update (A00.FR.706)')
    .option('--location <url>', 'the very one, where the location of the entry has a *')
    .option('--no-fetch', 'the certificate alone')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  ocpp-security-proxy firmware verify v2\n\nExit codes: 0 fine, 1 found wrong, 2 used wrong',
    )
    .action((name: string, options: VerifyOptions) =>
      guarded(shell, async () => {
        const { location, fetch, json } = options
        const body = { fetch, ...(location === undefined ? {} : { location }) }
        const call = { timeoutMs: verifyTimeoutMs, doing: `verifying ${name}` }
        const verdict = (await apiClient(shell, options).call(
          'POST',
          `${pathOf(name)}/verify`,
          body,
          call,
        )) as Verdict
        if (!verdict.ok) shell.setExitCode(1)
        if (json) return shell.out(`${JSON.stringify(verdict, null, 2)}\n`)
        if (verdict.ok) return shell.out(printable(`${name}: nothing forbids to hand it on\n`))
        for (const { code, detail } of verdict.problems)
          shell.err(`error: ${printable(`${name}: ${detail} (${code})`)}\n`)
      }),
    )
}
