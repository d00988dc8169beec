import { matchesLocation } from '../../policy/firmware.ts'
import type { CampaignFirmware, FirmwareEntry, FirmwareStore } from '../../store/store.ts'

/** What is wrong with the firmware of a campaign before it begins; null: nothing. Rejects when the store fails. */
export async function campaignFirmwareProblem(
  firmware: Pick<FirmwareStore, 'get'>,
  { name, location }: CampaignFirmware,
): Promise<string | null> {
  const entry = await firmware.get(name)
  if (entry === null) return `there is no firmware ${name} in the catalogue`
  return problemOfLocation(entry, location ?? entry.location)
}

/** Why this is no location of the entry; null: it is one. */
export function problemOfLocation(entry: Pick<FirmwareEntry, 'name' | 'location'>, location: string) {
  if (location.includes('*')) return `the location of ${entry.name} has a *: say which one is meant`
  return matchesLocation(entry.location, location) ? null : `${entry.name} is not for this location`
}
