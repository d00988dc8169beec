import { createImageCheck, readSignature } from '../../pki/firmware-signature.ts'
import type { FetchResult } from '../../pki/revocation/fetch.ts'
import { createSlots } from '../../pki/revocation/slots.ts'
import { isFetchable } from '../../policy/firmware.ts'
import type { FirmwareProblem } from '../../policy/firmware-certificate.ts'
import type { FirmwareEntry } from '../../store/store.ts'
import { readSigningChain } from './certificate.ts'

/** Streams the image at a URL into `sink`: bounded in bytes and time, hosts judged. Never rejected. */
export type FetchImage = (url: string, sink: (chunk: Buffer) => void) => Promise<FetchResult>

/** An image that was found good is not fetched again for so many milliseconds: a fleet asks at once. */
const keptMs = 60_000
/**
 * Images that are fetched at once, each streamed; and those that wait for their turn: a location with a * may be
 * another one for each charge point of a fleet.
 */
const limits = { concurrency: 8, maxWaiting: 1000 } as const
/** Images that are under way, or remembered; of the latter the oldest go. */
const maxKnown = 2000

/** `isFresh`: what was found before does not count, for who asks on purpose. */
export type ImageChecks = (
  entry: FirmwareEntry,
  location: string,
  isFresh: boolean,
) => Promise<readonly FirmwareProblem[]>

/** A00.FR.706, the image: it is the one that was signed. All who ask for the same one share one fetch. */
export function createImageChecks(fetchImage: FetchImage, now: () => number): ImageChecks {
  const known = new Map<string, { until: number; readonly found: Promise<readonly FirmwareProblem[]> }>()
  const slots = createSlots(limits.concurrency, limits.maxWaiting)

  return (entry, location, isFresh) => {
    const key = JSON.stringify([location, entry.sha256, entry.size, entry.signature, entry.chain])
    for (const [old, { until }] of known) {
      const isOver = until !== Number.POSITIVE_INFINITY && (until < now() || known.size >= maxKnown)
      if (isOver && old !== key) known.delete(old)
    }
    const before = known.get(key)
    const isUnderWay = before?.until === Number.POSITIVE_INFINITY
    if (before !== undefined && (isUnderWay || (!isFresh && before.until >= now()))) return before.found
    if (before !== undefined) known.delete(key)
    const found = slots.run(() => problemsOfImage(entry, location, fetchImage))
    if (found === null) {
      const detail = `${limits.maxWaiting} images wait to be fetched already`
      return Promise.resolve([{ code: 'image_unreachable', detail }])
    }
    const one = { until: Number.POSITIVE_INFINITY, found }
    known.set(key, one)
    const ended = (isGood: boolean): void => {
      // What was wrong may be right a moment later: it is looked at again.
      if (isGood) one.until = now() + keptMs
      else if (known.get(key) === one) known.delete(key)
    }
    one.found.then(
      (problems) => ended(problems.length === 0),
      () => ended(false),
    )
    return one.found
  }
}

async function problemsOfImage(
  entry: FirmwareEntry,
  location: string,
  fetchImage: FetchImage,
): Promise<readonly FirmwareProblem[]> {
  if (!isFetchable(location)) {
    return [{ code: 'image_unverified', detail: 'only http and https can be fetched: add it with --image' }]
  }
  const certificates = readSigningChain(entry.chain)
  if ('code' in certificates) return [certificates]
  const [leaf] = certificates
  const signature = readSignature(entry.signature)
  if (leaf === undefined || signature === null)
    return [{ code: 'signature_invalid', detail: 'the signature is no base64' }]
  const check = createImageCheck(leaf, signature)
  const fetched = await fetchImage(location, (chunk) => check.update(chunk))
  if (!fetched.ok) {
    const code = fetched.code === 'too_large' ? 'image_too_large' : 'image_unreachable'
    return [{ code, detail: fetched.detail }]
  }
  const { size, sha256, isSigned } = check.end()
  if (sha256 !== entry.sha256) {
    const detail = `it has ${size} bytes and SHA-256 ${sha256.slice(0, 16)}…, and not ${entry.size} and ${entry.sha256.slice(0, 16)}…`
    return [{ code: 'image_differs', detail }]
  }
  return isSigned
    ? []
    : [{ code: 'signature_invalid', detail: 'it is not over this image, or by another key' }]
}
