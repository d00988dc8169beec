import { type Static, Type } from 'typebox'
import type { CertificateKeyRecord, ChargePointRecord } from '../store/store.ts'
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
    origin: oneOf(['operator', 'campaign', 'central-system']),
    startedAt: time(),
    answeredAt: nullableTime(),
    oldSeenAt: nullableTime(),
  }),
)

export const chargePointFields = {
  identity: Type.String(),
  serialNumber: nullableText(),
  securityProfile: nullableProfile,
  upgradeTo: nullableProfile,
  legacyTls: Type.Boolean(),
  migrating: Type.Boolean(),
  blocked: Type.Boolean(),
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

const session = nullableObject(Type.Object({ listener: Type.String(), profile, address: Type.String() }))

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
