import type { Metrics } from '../observe/metrics.ts'
import type { CampaignItemState } from '../store/store.ts'

export type CampaignCounts = Readonly<Record<CampaignItemState, number>>

export const itemStates = ['waiting', 'running', 'done', 'failed', 'skipped'] as const

/** Campaigns that have series of their own at once (CWE-770). */
export const maxCampaigns = 20

/** The figures of the campaigns that changed last; older ones leave the metric. */
export function createFigures(
  gauge: Metrics['campaignChargePoints'],
): (campaign: string, counts: CampaignCounts) => void {
  const shown = new Set<string>()
  return (campaign, counts) => {
    shown.delete(campaign)
    shown.add(campaign)
    for (const state of itemStates) gauge.set({ campaign, state }, counts[state])
    if (shown.size <= maxCampaigns) return
    const [oldest = ''] = shown
    shown.delete(oldest)
    for (const state of itemStates) gauge.remove({ campaign: oldest, state })
  }
}
