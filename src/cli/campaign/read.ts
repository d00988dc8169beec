import type { Command } from 'commander'
import { createSummary } from '../../campaigns/report.ts'
import type { CampaignItemState } from '../../store/store.ts'
import { withApiOptions } from '../api-client.ts'
import type { Shell } from '../shell.ts'
import { parseInteger, storeCommand, usageError } from '../store-command.ts'
import { type CampaignSource, type ItemAnswer, type SourceOptions, withSource } from './source.ts'
import { campaignDetails, campaignTable, itemTable, summaryTable } from './view.ts'
import { isSuccess, watchCampaign } from './watch.ts'

const states: readonly CampaignItemState[] = ['waiting', 'running', 'done', 'failed', 'skipped']

/** The commands that change nothing: they ask the proxy that runs, or read its store when none does. */
export function readCommands(shell: Shell): readonly Command[] {
  return [listCommand(shell), showCommand(shell), reportCommand(shell), watchCommand(shell)]
}

function listCommand(shell: Shell): Command {
  return withApiOptions(storeCommand('list', shell, ['campaign list', 'campaign list --json']))
    .description('list campaigns, newest first; one JSON object a line with --json')
    .option('--limit <n>', 'at most so many', '20')
    .action((options: SourceOptions & { readonly limit: string }) =>
      withSource(shell, options, async (source) => {
        const campaigns = await source.list(parseInteger(options.limit, '--limit', 1, 100))
        if (options.json) await shell.out(campaigns.map((one) => `${JSON.stringify(one)}\n`).join(''))
        else await shell.out(campaigns.length === 0 ? 'no campaigns\n' : campaignTable(campaigns))
      }),
    )
}

function showCommand(shell: Shell): Command {
  return withApiOptions(storeCommand('show', shell, ['campaign show ID']))
    .description('show one campaign')
    .argument('<id>')
    .action((id: string, options: SourceOptions) =>
      withSource(shell, options, async (source) => {
        const campaign = await source.get(id)
        await shell.out(options.json ? `${JSON.stringify(campaign, null, 2)}\n` : campaignDetails(campaign))
      }),
    )
}

function reportCommand(shell: Shell): Command {
  const examples = ['campaign report ID', 'campaign report ID --state failed --json']
  return withApiOptions(storeCommand('report', shell, examples))
    .description(
      'what became of each charge point, and why; ends with 1 when it stopped, or finished with failures',
    )
    .argument('<id>')
    .option('--state <state>', `only those that are ${states.join(', ')}`)
    .action((id: string, options: SourceOptions & { readonly state?: string }) =>
      withSource(shell, options, (source) => report(shell, source, id, options)),
    )
}

async function report(
  shell: Shell,
  source: CampaignSource,
  id: string,
  options: { readonly json?: true; readonly state?: string },
): Promise<void> {
  const campaign = await source.get(id)
  const summary = createSummary()
  const chargePoints: ItemAnswer[] = []
  for await (const page of source.items(id, stateOf(options.state))) {
    summary.add(page)
    chargePoints.push(...page)
  }
  const codes = summary.result()
  if (options.json) {
    await shell.out(`${JSON.stringify({ campaign, codes, chargePoints }, null, 2)}\n`)
  } else {
    await shell.out(campaignDetails(campaign))
    if (codes.length > 0) await shell.out(`\n${summaryTable(codes)}`)
    if (chargePoints.length > 0) await shell.out(`\n${itemTable(chargePoints)}`)
  }
  const isOver = campaign.state === 'finished' || campaign.state === 'stopped'
  if (isOver && !isSuccess(campaign)) shell.setExitCode(1)
}

function stateOf(text: string | undefined): CampaignItemState | undefined {
  if (text === undefined) return undefined
  const state = states.find((known) => known === text)
  if (state === undefined) throw usageError(`--state must be one of ${states.join(', ')}`)
  return state
}

function watchCommand(shell: Shell): Command {
  return withApiOptions(storeCommand('watch', shell, ['campaign watch ID', 'campaign watch ID --json']))
    .description(
      'show how a campaign goes on until it ends; Ctrl-C ends the watching, not the campaign. Ends with 1 when it stopped, or finished with failures',
    )
    .argument('<id>')
    .action((id: string, options: SourceOptions) =>
      withSource(shell, options, async (source) => {
        const last = await watchCampaign(shell, source, id, options.json === true)
        if (last !== null && !isSuccess(last)) shell.setExitCode(1)
      }),
    )
}
