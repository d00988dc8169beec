import { ProxyError } from '../../policy/error.ts'
import { printable } from '../output.ts'
import type { Shell } from '../shell.ts'
import type { CampaignAnswer, CampaignSource } from './source.ts'
import { countsText, progressBar } from './view.ts'

const everyMs = 1000
/** The proxy is away, or has had enough of us: that may pass, and the campaign is not ended by it. */
const passing: ReadonlySet<string> = new Set(['no_proxy', 'api_unreachable', 'rate_limited'])

/**
 * Shows a campaign until it is finished or stopped, or the user has seen enough; that does not end
 * it. On a terminal one line that is drawn again; otherwise a line for each change, one a second at
 * most. Returns it as it was seen last; null: the user has seen enough.
 */
export async function watchCampaign(
  shell: Shell,
  source: Pick<CampaignSource, 'get' | 'isLive'>,
  id: string,
  json: boolean,
): Promise<CampaignAnswer | null> {
  const draws = shell.isTerminal === true && !json
  let shown = ''
  /** The first look must succeed: a mistyped id is no outage. */
  let campaign = await source.get(id)
  if (!source.isLive && campaign.state === 'running') {
    shell.err('no proxy runs that could be asked; the campaign goes on when one does\n')
  }
  for (;;) {
    const line = draws ? progressBar(campaign) : lineOf(campaign)
    if (line !== shown) await show(json ? `${JSON.stringify(campaign)}\n` : line)
    shown = line
    if (campaign.state === 'finished' || campaign.state === 'stopped') {
      if (draws) shell.err('\n')
      return campaign
    }
    if (!(await shell.wait(everyMs))) return leave()
    campaign = await look(campaign)
  }

  async function show(text: string): Promise<void> {
    if (draws) shell.err(`\r\u001b[K${text}`)
    else await shell.out(text)
  }

  /** As it is now; as it was when the proxy is away. */
  async function look(last: CampaignAnswer): Promise<CampaignAnswer> {
    try {
      return await source.get(id)
    } catch (error) {
      if (!(error instanceof ProxyError) || !passing.has(error.code)) throw error
      return last
    }
  }

  function leave(): null {
    const text = `campaign ${id} goes on without being watched; campaign pause or campaign cancel holds it up`
    shell.err(`${draws ? '\n' : ''}${printable(text)}\n`)
    return null
  }
}

function lineOf(campaign: CampaignAnswer): string {
  const { state, stateDetail } = campaign
  return `${printable(`${state}${stateDetail === null ? '' : ` (${stateDetail})`}: ${countsText(campaign)}`)}\n`
}

/** Finished without a failure. */
export function isSuccess({ state, counts }: CampaignAnswer): boolean {
  return state === 'finished' && counts.failed === 0
}
