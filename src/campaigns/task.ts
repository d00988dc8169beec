import { keptLocationProblem } from '../policy/charge-point-log.ts'
import type { CampaignFirmware, CampaignLog, CampaignRoot, CampaignSettings } from '../store/store.ts'
import type { CampaignRequest } from './campaigns.ts'
import { campaignKinds, isTarget, type UpgradeTarget } from './kinds.ts'
import { invalid } from './settings.ts'

/** What the parts of a request that one kind only has must go through. */
export interface TaskDeps {
  /** What is wrong with the root of a campaign; null: nothing. */
  readonly rootProblem: (kind: 'install-root' | 'delete-root', root: CampaignRoot) => string | null
  /** What is wrong with its firmware; null: nothing. Rejects when the store fails. */
  readonly firmwareProblem: (firmware: CampaignFirmware) => Promise<string | null>
}

/** What is done to each charge point, beside the profile to go to. Throws ProxyError `campaign_invalid`. */
export async function taskOf(
  request: CampaignRequest,
  { rootProblem, firmwareProblem }: TaskDeps,
): Promise<Pick<CampaignSettings, 'root' | 'firmware' | 'log'>> {
  checkNewPasswords(request)
  checkRenewal(request)
  const root = rootOf(request, rootProblem)
  const { firmware, log } = tasksOf(request)
  const problem = firmware === undefined ? null : await firmwareProblem(firmware)
  if (problem !== null) throw invalid(problem)
  return { ...(root === null ? {} : { root }), ...(firmware && { firmware }), ...(log && { log }) }
}

/** Throws ProxyError `campaign_invalid`. */
function tasksOf({ kind, firmware, log }: CampaignRequest): Pick<CampaignSettings, 'firmware' | 'log'> {
  if (kind !== 'update-firmware' && firmware !== undefined) throw invalid(`${kind} is about no firmware`)
  if (kind !== 'get-log' && log !== undefined) throw invalid(`${kind} is about no log`)
  if (kind === 'update-firmware' && firmware === undefined)
    throw invalid('update-firmware needs the name of an image in the firmware catalogue')
  if (kind === 'get-log' && log === undefined) throw invalid('get-log needs the type of the log')
  checkLog(log)
  return { ...(firmware && { firmware }), ...(log && { log }) }
}

/** Throws ProxyError `campaign_invalid`. */
function checkLog({ location, from, to }: Partial<CampaignLog> = {}): void {
  const problem = location === undefined ? null : keptLocationProblem(location)
  if (problem !== null) throw invalid(`location: ${problem}`)
  if (from !== undefined && to !== undefined && Date.parse(from) > Date.parse(to))
    throw invalid('from is later than to')
}

/** Throws ProxyError `campaign_invalid`. */
export function targetOf({ kind, toProfile }: CampaignRequest): UpgradeTarget | null {
  if (!Object.hasOwn(campaignKinds, kind)) throw invalid(`there is no kind of campaign ${kind}`)
  const { hasTarget } = campaignKinds[kind]
  if (!hasTarget && toProfile !== undefined) throw invalid(`${kind} knows no profile to go to`)
  if (!hasTarget) return null
  if (!isTarget(toProfile)) throw invalid(`${kind} needs the profile to go to: 1, 2 or 3`)
  return toProfile
}

/** Throws ProxyError `campaign_invalid`. */
function rootOf({ kind, root }: CampaignRequest, problemOf: TaskDeps['rootProblem']): CampaignRoot | null {
  if (kind !== 'install-root' && kind !== 'delete-root') {
    if (root !== undefined) throw invalid(`${kind} is about no root certificate`)
    return null
  }
  if (root === undefined) throw invalid(`${kind} needs the root certificate that it is about`)
  const problem = problemOf(kind, root)
  if (problem !== null) throw invalid(problem)
  return root
}

function checkRenewal({ kind, settings: { setCpoName, reconnect } = {} }: CampaignRequest): void {
  if ((setCpoName === true || reconnect === true) && kind !== 'renew-certificates')
    throw invalid('setCpoName and reconnect are for renew-certificates')
}

/** Throws ProxyError `campaign_invalid`. */
function checkNewPasswords({ kind, toProfile, settings }: CampaignRequest): void {
  if (settings?.newPasswords !== true) return
  if (kind !== 'upgrade-profile') throw invalid('new passwords are an extra of upgrade-profile')
  // A00.FR.401: on profile 3 a certificate takes the place of the password.
  if (toProfile === 3) throw invalid('profile 3 has no use for new passwords')
}
