import type { Command } from 'commander'
import { campaignKindNames } from '../admin/campaign-view.ts'
import { defaultSettings } from '../campaigns/settings.ts'
import { ProxyError } from '../policy/error.ts'
import { type ApiOptions, apiClient, withApiOptions } from './api-client.ts'
import { readCommands } from './campaign/read.ts'
import { type CreateOptions, requestOf } from './campaign/request.ts'
import { apiSource, campaignPath, checkedCampaign } from './campaign/source.ts'
import { withTaskOptions } from './campaign/task-options.ts'
import { campaignDetails, countsText } from './campaign/view.ts'
import { isSuccess, watchCampaign } from './campaign/watch.ts'
import { typeText } from './certificates/root-options.ts'
import { printable } from './output.ts'
import { processShell, type Shell } from './shell.ts'
import { guarded, plainCommand, usageError } from './store-command.ts'

type ChangeOptions = ApiOptions & { readonly json?: true }

/** A selection may be large, and every one of it is looked up and written. */
const createTimeoutMs = 120_000

/** `campaign`: the same change on many charge points, carefully. */
export function campaignCommand(shell: Shell = processShell()): Command {
  const group = plainCommand('campaign', shell)
    .description(
      'change many charge points, a few at a time: passwords, security profile, certificates, firmware; or get their logs',
    )
    .addCommand(createCommand(shell))
  for (const command of readCommands(shell)) group.addCommand(command)
  return group
    .addCommand(stepCommand(shell, 'pause', 'begin nothing new; what is under way ends as it would'))
    .addCommand(resumeCommand(shell))
    .addCommand(stepCommand(shell, 'cancel', 'stop it; what is under way ends as it would'))
}

/** A command that needs a proxy that runs. */
function changeCommand(shell: Shell, name: string, examples: readonly string[], codes: string): Command {
  const lines = examples.map((example) => `  ocpp-security-proxy ${example}`)
  return withApiOptions(
    plainCommand(name, shell).option(
      '--config <file>',
      'configuration of the proxy that runs',
      'ocpp-security-proxy.yaml',
    ),
  )
    .option('--json', 'write JSON')
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}\n\nExit codes: ${codes}`)
}

function createCommand(shell: Shell): Command {
  const examples = [
    'campaign create rotate-passwords --never-rotated --watch',
    'campaign create upgrade-profile --to 2 --profile 1 --canary 5 --pace 10 --max-failures 3',
    'campaign create upgrade-profile --to 2 --new-passwords --all --watch',
    'campaign create rotate-passwords --identities fleet.txt --any-time --reset --json',
    'campaign create install-root --certificate new-root.pem --all --watch',
    'campaign create delete-root --certificate old-root.pem --all --watch',
    'campaign create renew-certificates --expiring 45d --set-cpo-name --reconnect --watch',
    'campaign create update-firmware --firmware v2 --all --canary 2 --max-failures 2 --watch',
    'campaign create get-log --log SecurityLog --from 2026-11-01T00:00:00Z --all',
  ]
  const codes = '0 begun (with --watch: finished, nobody failed), 1 refused, failed or stopped, 2 used wrong'
  const { canary, perMinute, concurrency, attempts, maxFailures } = defaultSettings
  return withTaskOptions(
    changeCommand(shell, 'create', examples, codes)
      .description(
        'begin a campaign: rotate-passwords, upgrade-profile --to <n>, install-root, delete-root, renew-certificates, update-firmware or get-log',
      )
      .argument('<kind>', campaignKindNames.join(', '))
      .option('--to <n>', 'of upgrade-profile: the security profile to go to')
      .option(
        '--new-passwords',
        'of upgrade-profile to 1 or 2: each gets a new password first (over a line without TLS: rotate once more afterwards)',
      )
      .option('--certificate <file>', 'of install-root and delete-root: the root certificate, PEM or DER')
      .option('--type <type>', `of install-root and delete-root: ${typeText}`)
      .option('--old-root <file>', 'of install-root: the root that it takes the place of')
      .option('--hash <data>', 'of delete-root: hash data in place of the certificate')
      .option('--all', 'every charge point for which there is something to do')
      .option('--identity <id...>', 'this charge point, and those named after it')
      .option('--identities <file>', 'the charge points of this file, one a line')
      .option('--profile <n>', 'only those that are kept on this security profile')
      .option('--never-rotated', 'only those whose password people chose, and those that have none')
      .option(
        '--expiring <duration>',
        'only those whose certificate ends within this time, such as 45d; a number is days',
      )
      .option('--set-cpo-name', 'of renew-certificates: set CpoName first')
      .option('--reconnect', 'of renew-certificates: make each connect with its new certificate'),
  )
    .option('--canary <n>', `so many, or such a share, go first and must succeed (default: ${canary})`)
    .option('--pace <n>', `begin so many a minute (default: ${perMinute})`)
    .option('--concurrency <n>', `at most so many at once (default: ${concurrency})`)
    .option('--any-time', 'do not wait until no transaction is open')
    .option('--attempts <n>', `tries per charge point (default: ${attempts})`)
    .option('--retry-after <duration>', 'before the second try, twice that before the third (default: 1m)')
    .option('--timeout <duration>', 'for one try, to its end (default: 5m, of update-firmware 1h)')
    .option('--max-failures <n>', `stop when so many, or such a share, failed (default: ${maxFailures})`)
    .option('--reset', 'restart those that take the change at their next start only, once they are idle')
    .option('--watch', 'show how it goes on until it ends; Ctrl-C ends the watching only')
    .action((kind: string, options: ChangeOptions & CreateOptions & { readonly watch?: true }) =>
      guarded(shell, () => create(shell, kind, options)),
    )
}

async function create(
  shell: Shell,
  kind: string,
  options: ChangeOptions & CreateOptions & { readonly watch?: true },
): Promise<void> {
  const request = requestOf(kind, options)
  const client = apiClient(shell, options)
  const call = { timeoutMs: createTimeoutMs, doing: 'selecting charge points' }
  const created = await client.call('POST', '/campaigns', request, call).catch((error: unknown) => {
    const isOurs = error instanceof ProxyError && error.code === 'campaign_invalid'
    throw isOurs ? usageError(error.message) : error
  })
  const campaign = checkedCampaign(created)
  const json = options.json === true
  if (json) await shell.out(`${JSON.stringify(campaign)}\n`)
  else await shell.out(campaignDetails(campaign))
  if (options.watch !== true) return
  const last = await watchCampaign(shell, apiSource(client), campaign.id, json)
  if (last !== null && !isSuccess(last)) shell.setExitCode(1)
}

function stepCommand(shell: Shell, name: 'pause' | 'cancel', description: string): Command {
  return changeCommand(shell, name, [`campaign ${name} ID`], '0 fine, 1 refused, 2 used wrong')
    .description(description)
    .argument('<id>')
    .action((id: string, options: ChangeOptions) => change(shell, options, id, name, {}))
}

function resumeCommand(shell: Shell): Command {
  const examples = ['campaign resume ID', 'campaign resume ID --retry-failed']
  return changeCommand(shell, 'resume', examples, '0 fine, 1 refused, 2 used wrong')
    .description('go on with a paused or stopped campaign')
    .argument('<id>')
    .option('--retry-failed', 'those that failed are tried again')
    .action((id: string, options: ChangeOptions & { readonly retryFailed?: true }) =>
      change(shell, options, id, 'resume', { retryFailed: options.retryFailed === true }),
    )
}

function change(
  shell: Shell,
  options: ChangeOptions,
  id: string,
  step: 'pause' | 'resume' | 'cancel',
  body: object,
): Promise<void> {
  return guarded(shell, async () => {
    const answer = await apiClient(shell, options).call('POST', campaignPath(id, `/${step}`), body)
    const campaign = checkedCampaign(answer)
    await shell.out(
      options.json
        ? `${JSON.stringify(campaign)}\n`
        : `${printable(`campaign ${campaign.id} is ${campaign.state}: ${countsText(campaign)}`)}\n`,
    )
  })
}
