import { maxUntold, readSignedStatus, type SignedStatus } from '../policy/firmware.ts'

/** An image that may be handed on to charge points, and what proves it (L01, A00.FR.706). */
export interface FirmwareEntry {
  readonly name: string
  /** URL, `*` for any characters but a slash behind the host. */
  readonly location: string
  /** Of the image, in bytes. */
  readonly size: number
  /** SHA-256 over the image, lower-case hexadecimal. */
  readonly sha256: string
  /** Base64, over the whole image. */
  readonly signature: string
  /** PEM: the signing certificate first, then what leads to the manufacturer root. */
  readonly chain: string
  /** Subject of the signing certificate, for people. */
  readonly signer: string
  /** Its end. */
  readonly signerNotAfter: number
  readonly addedAt: number
  /** When the signature over an image with this hash was verified last; null: never. */
  readonly verifiedAt: number | null
  /** What was wrong when it was looked at last, for people; null: nothing, or it was not looked at. */
  readonly problem: string | null
}

/** Entries that are kept: they are looked at one by one for each update. */
export const maxFirmwareEntries = 1000

/** One update that somebody has asked for. */
export interface FirmwareRequest {
  /** Of SignedUpdateFirmware; null: there was none. Never given twice. */
  readonly requestId: number | null
  readonly origin: 'central-system' | 'operator' | 'campaign'
  /** Name of the entry, and the very location. */
  readonly name: string
  readonly location: string
  readonly startedAt: number
  /** As the charge point reported it last for this requestId; null: nothing so far. */
  readonly status: SignedStatus | null
}

/** What is known of a charge point's firmware updates: the request that came last first. */
export interface FirmwareUpdate extends FirmwareRequest {
  readonly identity: string
  /** Does it have L01? null: not known yet. */
  readonly isSigned: boolean | null
  /** Has the charge point taken the request? null: nobody knows yet. */
  readonly accepted: boolean | null
  /** The request before it, while the charge point has not said that it gives it up for this one (L01.FR.26, 27). */
  readonly previous: FirmwareRequest | null
  /** The greatest of all; null: none was given. */
  readonly lastRequestId: number | null
  readonly updatedAt: number
  /** What the central system has still to hear, oldest first. */
  readonly untold: readonly SignedStatus[]
}

export interface FirmwareStore {
  /** Adds it, or takes the place of the one with its name. Throws ProxyError `firmware_full`. Durable when fulfilled. */
  put(entry: FirmwareEntry): Promise<void>
  get(name: string): Promise<FirmwareEntry | null>
  /** In order of names. */
  list(): Promise<readonly FirmwareEntry[]>
  /** False: there was none. */
  remove(name: string): Promise<boolean>
  /** null: nothing is known of it. */
  updateOf(identity: string): Promise<FirmwareUpdate | null>
  /** Durable when fulfilled. Throws ProxyError `charge_point_unknown`. */
  setUpdate(update: FirmwareUpdate): Promise<void>
}

/** A stored update; null: it cannot be read. Then nothing is known. Total: never throws. */
export function parseFirmwareUpdate(identity: string, value: unknown): FirmwareUpdate | null {
  const request = parseRequest(value)
  if (request === null) return null
  const { isSigned, accepted, previous, lastRequestId, updatedAt, untold } = value as Record<string, unknown>
  if (typeof updatedAt !== 'number' || !Array.isArray(untold)) return null
  return {
    ...request,
    identity,
    isSigned: typeof isSigned === 'boolean' ? isSigned : null,
    accepted: typeof accepted === 'boolean' ? accepted : null,
    previous: parseRequest(previous),
    lastRequestId: typeof lastRequestId === 'number' ? lastRequestId : request.requestId,
    updatedAt,
    untold: untold.flatMap((one) => readSignedStatus(one) ?? []).slice(-maxUntold),
  }
}

function parseRequest(value: unknown): FirmwareRequest | null {
  if (typeof value !== 'object' || value === null) return null
  const { requestId, origin, name, location, startedAt, status } = value as Record<string, unknown>
  const from = (['central-system', 'operator', 'campaign'] as const).find((one) => one === origin)
  if (from === undefined || typeof name !== 'string' || typeof location !== 'string') return null
  if (typeof startedAt !== 'number') return null
  return {
    requestId: typeof requestId === 'number' ? requestId : null,
    origin: from,
    name,
    location,
    startedAt,
    status: readSignedStatus(status),
  }
}

/** A stored entry; null: it cannot be read. Total: never throws. */
export function parseFirmwareEntry(value: unknown): FirmwareEntry | null {
  if (typeof value !== 'object' || value === null) return null
  const {
    name,
    location,
    size,
    sha256,
    signature,
    chain,
    signer,
    signerNotAfter,
    addedAt,
    verifiedAt,
    problem,
  } = value as Record<string, unknown>
  if (typeof name !== 'string' || typeof location !== 'string' || typeof sha256 !== 'string') return null
  if (typeof signature !== 'string' || typeof chain !== 'string' || typeof signer !== 'string') return null
  if (typeof signerNotAfter !== 'number') return null
  if (typeof size !== 'number' || typeof addedAt !== 'number') return null
  return {
    name,
    location,
    size,
    sha256,
    signature,
    chain,
    signer,
    signerNotAfter,
    addedAt,
    verifiedAt: typeof verifiedAt === 'number' ? verifiedAt : null,
    problem: typeof problem === 'string' ? problem : null,
  }
}
