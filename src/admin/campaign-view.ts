import { type Static, Type } from 'typebox'
import type { CampaignView } from '../campaigns/campaigns.ts'
import { logTypes, maxRemoteLocation } from '../policy/charge-point-log.ts'
import { firmwareNamePattern, maxLocation } from '../policy/firmware.ts'
import type { CampaignItem } from '../store/store.ts'
import { certificateType, hashDataRequest } from './root-certificate-view.ts'
import {
  iso,
  isoOrNull,
  nullableObject,
  nullableProfile,
  nullableText,
  nullableTime,
  oneOf,
  strict,
  time,
} from './schemas.ts'

const count = Type.Integer({ minimum: 0 })

export const itemStates = ['waiting', 'running', 'done', 'failed', 'skipped'] as const

/** As the store names them. */
export const campaignKindNames = [
  'rotate-passwords',
  'upgrade-profile',
  'install-root',
  'delete-root',
  'renew-certificates',
  'update-firmware',
  'get-log',
] as const satisfies readonly CampaignView['kind'][]

/** Of install-root and delete-root. */
export const campaignRoot = strict(
  {
    certificateType,
    certificate: Type.Optional(
      Type.String({ minLength: 1, maxLength: 16_384, description: 'One certificate in PEM.' }),
    ),
    oldRoot: Type.Optional(Type.String({ minLength: 1, maxLength: 16_384 })),
    hashData: Type.Optional(hashDataRequest),
  },
  {
    description:
      'Of install-root: the certificate, and the one that it takes the place of. Of delete-root: the certificate, or its hash data.',
  },
)

const moment = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', maxLength: 40, description }))

/** Of update-firmware. */
export const campaignFirmware = strict(
  {
    name: Type.String({ pattern: firmwareNamePattern, description: 'Of the entry in the catalogue.' }),
    location: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: maxLocation,
        description: 'The very one, where the location of the entry has a *.',
      }),
    ),
    retrieveAt: moment('Fetch it not before this time; at once when left out.'),
    installAt: moment('Install it not before this time; when it can when left out.'),
    retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
    retryInterval: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400, description: 'Seconds.' })),
  },
  { description: 'Of update-firmware: the image.' },
)

/** Of get-log. */
export const campaignLog = strict(
  {
    logType: oneOf(logTypes),
    from: moment('Entries from then on.'),
    to: moment('Entries until then.'),
    location: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: maxRemoteLocation,
        description: 'URL that they upload to, without a password; left out: to the proxy, which keeps it.',
      }),
    ),
    retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    retryInterval: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400, description: 'Seconds.' })),
  },
  { description: 'Of get-log: which log.' },
)

export const campaignSchema = Type.Object({
  id: Type.String(),
  kind: oneOf(campaignKindNames),
  toProfile: nullableProfile,
  state: oneOf(['running', 'paused', 'stopped', 'finished']),
  stateDetail: nullableText(),
  settings: Type.Object({
    canary: count,
    perMinute: count,
    concurrency: count,
    onlyIdle: Type.Boolean(),
    attempts: count,
    retryAfterMs: count,
    timeoutMs: count,
    maxFailures: count,
    reset: Type.Optional(Type.Boolean()),
    newPasswords: Type.Optional(Type.Boolean()),
    setCpoName: Type.Optional(Type.Boolean()),
    reconnect: Type.Optional(Type.Boolean()),
    root: Type.Optional(campaignRoot),
    firmware: Type.Optional(campaignFirmware),
    log: Type.Optional(campaignLog),
  }),
  counts: Type.Object({ waiting: count, running: count, done: count, failed: count, skipped: count }),
  waits: nullableObject(
    Type.Object({ notConnected: count, transactionOpen: count, retry: count, canaries: count }),
  ),
  leftOut: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'In the answer to the creation only: charge points that were meant, for which there is nothing to do.',
    }),
  ),
  createdAt: time(),
  updatedAt: time(),
  finishedAt: nullableTime(),
})

export const campaignItemSchema = Type.Object({
  identity: Type.String(),
  position: count,
  state: oneOf(itemStates),
  attempts: count,
  detail: nullableText(),
  code: nullableText(),
  notBefore: nullableTime(),
  startedAt: nullableTime(),
  finishedAt: nullableTime(),
})

/** For answers: times as texts; the schema leaves out whatever else there may be. */
export function campaignAnswer(campaign: CampaignView): Static<typeof campaignSchema> {
  return {
    ...campaign,
    createdAt: iso(campaign.createdAt),
    updatedAt: iso(campaign.updatedAt),
    finishedAt: isoOrNull(campaign.finishedAt),
  }
}

export function campaignItemAnswer(item: CampaignItem): Static<typeof campaignItemSchema> {
  return {
    ...item,
    notBefore: isoOrNull(item.notBefore),
    startedAt: isoOrNull(item.startedAt),
    finishedAt: isoOrNull(item.finishedAt),
  }
}
