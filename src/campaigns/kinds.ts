import type { RootSelector } from '../policy/root-certificate.ts'
import type {
  CampaignFirmware,
  CampaignLog,
  CampaignRecord,
  CampaignRoot,
  ChargePointRecord,
} from '../store/store.ts'
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
  /** For one try, in milliseconds, where the usual one would be too short. */
  readonly timeoutMs?: number
  /** As far as the registry knows: is there anything to do for this charge point? */
  concerns(record: ChargePointRecord, toProfile: CampaignRecord['toProfile']): boolean
  /** For people: who is left out, because there is nothing to do. */
  readonly others: string
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
    others: 'on profile 3: they have no password in use',
    run: (operations, identity, task, options) =>
      operations.rotatePassword(identity, { ...options, reset: task.settings.reset === true }),
  },
  'upgrade-profile': {
    title: 'a higher security profile (A05)',
    hasTarget: true,
    concerns: (record, toProfile) => (record.securityProfile ?? 0) < (toProfile ?? 0),
    others: 'on this profile already, or on a higher one',
    run: async (operations, identity, { toProfile, settings }, options) =>
      isTarget(toProfile)
        ? operations.upgradeProfile(identity, toProfile, {
            ...options,
            reset: settings.reset === true,
            newPassword: settings.newPasswords === true,
          })
        : { ok: false, code: 'prerequisite', detail: 'the campaign names no profile' },
  },
  'install-root': {
    title: 'a root certificate (M05)',
    hasTarget: false,
    concerns: isOnTls,
    others: 'not known to be on profile 2 or 3',
    run: async (operations, identity, { settings: { root } }, options) =>
      root?.certificate === undefined
        ? namesNoRoot
        : operations.installRoot(identity, {
            ...options,
            certificateType: root.certificateType,
            certificate: root.certificate,
            ...(root.oldRoot === undefined ? {} : { oldRoot: root.oldRoot }),
          }),
  },
  'delete-root': {
    title: 'the end of a root certificate (M04)',
    hasTarget: false,
    concerns: isOnTls,
    others: 'not known to be on profile 2 or 3',
    run: async (operations, identity, { settings }, options) => {
      const root = selectorOf(settings.root)
      if (root === null || settings.root === undefined) return namesNoRoot
      const { certificateType } = settings.root
      // Never by force: a campaign must not take the last root of a fleet.
      const outcome = await operations.deleteRoot(identity, { ...options, certificateType, root })
      // After a try whose answer was lost it is gone: that is what was wanted.
      const isGone = !outcome.ok && outcome.code === 'not_found'
      return isGone ? { ok: true, detail: `nothing to do: ${outcome.detail}` } : outcome
    },
  },
  'renew-certificates': {
    title: 'new certificates (A02)',
    hasTarget: false,
    // A00.FR.405: without a serial number no request could be right.
    concerns: (record) => isOnTls(record) && record.serialNumber !== null,
    others: 'not known to be on profile 2 or 3, or without a serial number',
    run: (operations, identity, { settings }, options) =>
      operations.renewCertificate(identity, {
        ...options,
        setCpoName: settings.setCpoName === true,
        reconnect: settings.reconnect === true,
      }),
  },
  'update-firmware': {
    title: 'new firmware (L01)',
    hasTarget: false,
    timeoutMs: 3_600_000,
    concerns: () => true,
    others: 'for whom there is nothing to do',
    run: async (operations, identity, { settings: { firmware } }, options) =>
      firmware === undefined
        ? { ok: false, code: 'prerequisite', detail: 'the campaign names no firmware' }
        : operations.updateFirmware(identity, { ...options, ...firmwareOptions(firmware) }),
  },
  'get-log': {
    title: 'logs of charge points (N01)',
    hasTarget: false,
    concerns: () => true,
    others: 'for whom there is nothing to do',
    run: async (operations, identity, { settings: { log } }, options) =>
      log === undefined
        ? { ok: false, code: 'prerequisite', detail: 'the campaign names no log' }
        : operations.getLog(identity, { ...options, ...logOptions(log) }),
  },
}

const namesNoRoot: OperationOutcome = {
  ok: false,
  code: 'prerequisite',
  detail: 'the campaign names no root certificate',
}

function logOptions({ from, to, ...log }: CampaignLog) {
  return {
    ...log,
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
  }
}

function firmwareOptions({ retrieveAt, installAt, ...firmware }: CampaignFirmware) {
  return {
    ...firmware,
    ...(retrieveAt === undefined ? {} : { retrieveAt: Date.parse(retrieveAt) }),
    ...(installAt === undefined ? {} : { installAt: Date.parse(installAt) }),
  }
}

/** On profiles 0 and 1 messages about certificates are refused, unless the operator allows it: then they are to be named. */
function isOnTls({ securityProfile }: ChargePointRecord): boolean {
  return (securityProfile ?? 0) >= 2
}

function selectorOf(root: CampaignRoot | undefined): RootSelector | null {
  if (root?.certificate !== undefined) return { certificate: root.certificate }
  return root?.hashData === undefined ? null : { hashData: root.hashData }
}

export function isTarget(profile: unknown): profile is UpgradeTarget {
  return profile === 1 || profile === 2 || profile === 3
}
