import { type Static, Type } from 'typebox'
import { isFetchable } from '../policy/firmware.ts'
import type { FirmwareEntry, FirmwareUpdate } from '../store/store.ts'
import {
  iso,
  isoOrNull,
  nullableBoolean,
  nullableInteger,
  nullableText,
  nullableTime,
  time,
} from './schemas.ts'

export const firmwareSchema = Type.Object({
  name: Type.String(),
  location: Type.String(),
  size: Type.Integer(),
  sha256: Type.String(),
  signature: Type.String(),
  signer: Type.String({ description: 'Subject of the signing certificate.' }),
  signerNotAfter: time(),
  certificates: Type.String({ description: 'PEM: the signing certificate first.' }),
  fetchable: Type.Boolean({ description: 'false: its location is no http or https.' }),
  addedAt: time(),
  verifiedAt: nullableTime(),
  problem: nullableText({ description: 'What was wrong when it was looked at last.' }),
})
export type FirmwareAnswer = Static<typeof firmwareSchema>

export function firmwareView(entry: FirmwareEntry): FirmwareAnswer {
  const { name, location, size, sha256, signature, chain, addedAt, verifiedAt, problem } = entry
  const { signer, signerNotAfter } = entry
  return {
    ...{ name, location, size, sha256, signature, problem },
    signer,
    signerNotAfter: iso(signerNotAfter),
    certificates: chain,
    fetchable: isFetchable(location),
    addedAt: iso(addedAt),
    verifiedAt: isoOrNull(verifiedAt),
  }
}

export const firmwareUpdateSchema = Type.Object({
  identity: Type.String(),
  signed: nullableBoolean({ description: 'Does it have signed updates (L01)? null: not known yet.' }),
  requestId: nullableInteger(),
  origin: nullableText(),
  firmware: nullableText({ description: 'Name of the entry.' }),
  location: nullableText(),
  startedAt: nullableTime(),
  updatedAt: nullableTime(),
  accepted: nullableBoolean({ description: 'Has it taken the request? null: not known yet.' }),
  status: nullableText({ description: 'As the charge point reported it last for this request.' }),
  untold: Type.Integer({ description: 'Statuses that the central system has still to hear.' }),
})
export type FirmwareUpdateAnswer = Static<typeof firmwareUpdateSchema>

export function firmwareUpdateView(identity: string, update: FirmwareUpdate | null): FirmwareUpdateAnswer {
  const begun = update?.requestId == null ? null : update
  return {
    identity,
    signed: update?.isSigned ?? null,
    requestId: begun?.requestId ?? null,
    origin: begun?.origin ?? null,
    firmware: begun?.name ?? null,
    location: begun?.location ?? null,
    startedAt: isoOrNull(begun?.startedAt ?? null),
    updatedAt: isoOrNull(update?.updatedAt ?? null),
    accepted: begun?.accepted ?? null,
    status: begun?.status ?? null,
    untold: update?.untold.length ?? 0,
  }
}
