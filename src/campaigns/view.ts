import type { CampaignItem } from '../store/store.ts'
import type { Hindrance } from './waiting.ts'

const hindranceTexts: Readonly<Record<Hindrance, string>> = {
  'not-connected': 'not connected',
  'transaction-open': 'a transaction is open, or may be',
}

/**
 * What a charge point waits for is known to the process that runs its campaign, and is not written:
 * a fleet that is away would be thousands of writes for nothing.
 */
export function overlay(item: CampaignItem, hindrance: Hindrance | null): CampaignItem {
  return item.state !== 'waiting' || hindrance === null
    ? item
    : { ...item, detail: hindranceTexts[hindrance] }
}
