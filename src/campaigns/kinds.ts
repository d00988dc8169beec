import type { CampaignRecord, ChargePointRecord } from '../store/store.ts'
import type {
  ChargePointOperations,
  OperationOptions,
  OperationOutcome,
} from '../usecases/operation/operation.ts'

export type CampaignKind = CampaignRecord['kind']
export type UpgradeTarget = 1 | 2 | 3

/** The part of a campaign that says what is done. */
export type CampaignTask = Pick<CampaignRecord, 'kind' | 'toProfile' | 'settings'>

export interface KindOfCampaign {
  /** For people. */
  readonly title: string
  /** It needs `toProfile`. */
  readonly hasTarget: boolean
  /** As far as the registry knows: is there anything to do for this charge point? */
  concerns(record: ChargePointRecord, toProfile: CampaignRecord['toProfile']): boolean
  /** Does it for one charge point. Must be safe to repeat: a killed proxy begins again. */
  run(
    operations: ChargePointOperations,
    identity: string,
    task: CampaignTask,
    options: OperationOptions,
  ): Promise<OperationOutcome>
}

/** What a campaign can do; a new kind is a line here and a name in the store's CampaignRecord. */
export const campaignKinds: Readonly<Record<CampaignKind, KindOfCampaign>> = {
  'rotate-passwords': {
    title: 'new passwords (A01)',
    hasTarget: false,
    // On profile 3 it proves itself by a certificate: it has no password in use.
    concerns: (record) => record.securityProfile !== 3,
    run: (operations, identity, task, options) =>
      operations.rotatePassword(identity, { ...options, reset: task.settings.reset === true }),
  },
  'upgrade-profile': {
    title: 'a higher security profile (A05)',
    hasTarget: true,
    concerns: (record, toProfile) => (record.securityProfile ?? 0) < (toProfile ?? 0),
    run: async (operations, identity, { toProfile, settings }, options) =>
      isTarget(toProfile)
        ? operations.upgradeProfile(identity, toProfile, {
            ...options,
            reset: settings.reset === true,
            newPassword: settings.newPasswords === true,
          })
        : { ok: false, code: 'prerequisite', detail: 'the campaign names no profile' },
  },
}

export function isTarget(profile: unknown): profile is UpgradeTarget {
  return profile === 1 || profile === 2 || profile === 3
}
