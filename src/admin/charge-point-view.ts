import { type Static, Type } from 'typebox'
import type { CertificateKeyRecord, ChargePointRecord, Onboarding } from '../store/store.ts'
import {
  iso,
  isoOrNull,
  nullableBoolean,
  nullableObject,
  nullableProfile,
  nullableText,
  nullableTime,
  oneOf,
  profile,
  time,
} from './schemas.ts'

/** A charge point as operators see it: that there is a password, never its hash (A01.FR.09). */

const passwordChange = nullableObject(
  Type.Object({
    phase: oneOf(['offered', 'accepted', 'reboot-required']),
    origin: oneOf(['operator', 'campaign', 'onboarding', 'central-system']),
    startedAt: time(),
    answeredAt: nullableTime(),
    oldSeenAt: nullableTime(),
  }),
)

const onboarding = nullableObject(
  Type.Object(
    {
      via: oneOf(['certificate', 'password', 'expired-certificate']),
      state: oneOf(['expected', 'running', 'failed']),
      detail: nullableText({ description: 'How far it is, or why it failed.' }),
      certificate: nullableText({ description: 'SHA-256 of the one factory certificate that is good.' }),
      expectedAt: time(),
      since: time(),
      failures: Type.Integer(),
      notBefore: nullableTime(),
    },
    { description: 'It has factory credentials still (A00.FR.806); null: it is no matter of onboarding.' },
  ),
)

export const chargePointFields = {
  identity: Type.String(),
  serialNumber: nullableText(),
  securityProfile: nullableProfile,
  upgradeTo: nullableProfile,
  legacyTls: Type.Boolean(),
  migrating: Type.Boolean(),
  blocked: Type.Boolean(),
  onboarding,
  hasPassword: Type.Boolean(),
  passwordForm: nullableText({ description: 'How it sent its password last (A00.FR.205).' }),
  passwordChange,
  hasUpstreamPassword: Type.Boolean(),
  learned: Type.Boolean(),
  createdAt: time(),
  updatedAt: time(),
  lastSeenAt: nullableTime(),
  lastAddress: nullableText(),
  lastTls: nullableText(),
  offersMandatorySuites: nullableBoolean(),
}

export const chargePointSchema = Type.Object({ ...chargePointFields, connected: Type.Boolean() })

export type ChargePointView = Omit<Static<typeof chargePointSchema>, 'connected'>

/** Names every field, so that a new one of the store is not shown by itself. */
export function chargePointView(record: ChargePointRecord): ChargePointView {
  const { credentialChange: change } = record
  return {
    identity: record.identity,
    serialNumber: record.serialNumber,
    securityProfile: record.securityProfile,
    upgradeTo: record.upgradeTo,
    legacyTls: record.legacyTls,
    migrating: record.migrating,
    blocked: record.blocked,
    onboarding: onboardingView(record.onboarding),
    hasPassword: record.credential !== null,
    passwordForm: record.passwordForm,
    passwordChange:
      change === null
        ? null
        : {
            phase: change.phase,
            origin: change.origin,
            startedAt: iso(change.startedAt),
            answeredAt: isoOrNull(change.answeredAt),
            oldSeenAt: isoOrNull(change.oldSeenAt),
          },
    hasUpstreamPassword: record.upstreamSecret !== null,
    learned: record.learned,
    createdAt: iso(record.createdAt),
    updatedAt: iso(record.updatedAt),
    lastSeenAt: isoOrNull(record.lastSeenAt),
    lastAddress: record.lastAddress,
    lastTls: record.lastTls,
    offersMandatorySuites: record.offersMandatorySuites,
  }
}

/** Without the salt of the factory password, which is nobody's business. */
function onboardingView(onboarding: Onboarding | null): ChargePointView['onboarding'] {
  if (onboarding === null) return null
  const { via, state, detail, certificate, failures } = onboarding
  return {
    via,
    state,
    detail,
    certificate,
    expectedAt: iso(onboarding.expectedAt),
    since: iso(onboarding.since),
    failures,
    notBefore: isoOrNull(onboarding.notBefore),
  }
}

const session = nullableObject(
  Type.Object({
    listener: Type.String(),
    profile,
    address: Type.String(),
    replica: Type.Optional(
      Type.String({ description: 'The replica that has it, where several share a store.' }),
    ),
    stage: oneOf(['operation', 'onboarding'], {
      description: 'onboarding: the central system does not see it (A00.FR.806).',
    }),
  }),
)

const key = Type.Object({
  keyFingerprint: Type.String(),
  certificateFingerprint: Type.String(),
  subject: Type.String(),
  notAfter: time(),
  firstSeenAt: time(),
  lastSeenAt: time(),
})

export const chargePointDetailsSchema = Type.Object({
  ...chargePointFields,
  connected: Type.Boolean(),
  session,
  keys: Type.Array(key),
})

export function keyView(record: CertificateKeyRecord): Static<typeof key> {
  const { keyFingerprint, certificateFingerprint, subject } = record
  return {
    keyFingerprint,
    certificateFingerprint,
    subject,
    notAfter: iso(record.notAfter),
    firstSeenAt: iso(record.firstSeenAt),
    lastSeenAt: iso(record.lastSeenAt),
  }
}
