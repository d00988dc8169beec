import { type Static, Type } from 'typebox'
import { ProxyError } from '../policy/error.ts'
import type {
  DenyEntry,
  DenyList,
  DenyTarget,
  IssuedCertificates,
  NewDenyEntry,
  Registry,
} from '../store/store.ts'
import { requireChargePoint } from './charge-point-change.ts'
import { iso, isoOrNull, nullableText, nullableTime, oneOf, time } from './schemas.ts'

/** The deny list as operators see and change it: the same through the API and on the store. */

export const deniedSchema = Type.Object({
  key: Type.String({ description: 'Names the entry; for DELETE.' }),
  fingerprint: nullableText({ description: 'SHA-256, hexadecimal.' }),
  serialNumber: nullableText({ description: 'Hexadecimal.' }),
  issuer: nullableText({ description: 'Of the serial number; null: of whatever issuer.' }),
  note: Type.String(),
  by: oneOf(['operator', 'superseded']),
  identity: nullableText(),
  at: time(),
  expiresAt: nullableTime(),
})

export function deniedView(entry: DenyEntry): Static<typeof deniedSchema> {
  const { key, target, note, by, identity, at, expiresAt } = entry
  const named =
    target.kind === 'fingerprint'
      ? { fingerprint: target.fingerprint, serialNumber: null, issuer: null }
      : { fingerprint: null, serialNumber: target.serialNumber, issuer: target.issuer }
  return { key, ...named, note, by, identity, at: iso(at), expiresAt: isoOrNull(expiresAt) }
}

/** Which certificates are meant: one by fingerprint or serial number, or all that a charge point has shown or was given. */
export interface DenyRequest {
  readonly fingerprint?: string
  readonly serialNumber?: string
  readonly issuer?: string
  readonly identity?: string
  readonly note?: string
}

/** Of one charge point; each renewal has retired those before it. */
const maxIssued = 1000

/** Throws ProxyError `deny_target_invalid` unless exactly one certificate, or a charge point, is named. */
export function targetOf({ fingerprint, serialNumber, issuer }: DenyRequest): DenyTarget | null {
  if (fingerprint !== undefined && serialNumber !== undefined)
    throw invalid('a fingerprint and a serial number name two certificates; give one of them')
  if (issuer !== undefined && serialNumber === undefined) throw invalid('an issuer goes with a serial number')
  if (fingerprint !== undefined) return { kind: 'fingerprint', fingerprint }
  return serialNumber === undefined ? null : { kind: 'serial', serialNumber, issuer: issuer ?? null }
}

/**
 * The entries that a request asks for, in the name of the operator. Throws ProxyError `deny_target_invalid`,
 * `charge_point_unknown`, or `certificate_unknown` for a charge point that has none that is known.
 */
export async function entriesOf(
  request: DenyRequest,
  stores: KnownCertificates,
  now: number,
): Promise<readonly NewDenyEntry[]> {
  const { identity, note = 'by the operator' } = request
  const target = targetOf(request)
  if (identity !== undefined) await requireChargePoint(stores.registry, identity)
  const entry = { note, by: 'operator', at: now, expiresAt: null, identity: identity ?? null } as const
  if (target !== null) return [{ ...entry, target }]
  if (identity === undefined) throw invalid('name a fingerprint, a serial number or a charge point')
  const fingerprints = await certificatesOf(stores, identity, now)
  if (fingerprints.length === 0) {
    const message = `no certificate of ${identity} is known that could be denied: name its fingerprint, or block the charge point`
    throw new ProxyError('certificate_unknown', 'operator', message)
  }
  return fingerprints.map((fingerprint) => ({ ...entry, target: { kind: 'fingerprint', fingerprint } }))
}

export interface KnownCertificates {
  readonly registry: Registry
  readonly issued: Pick<IssuedCertificates, 'list'>
  readonly denied: Pick<DenyList, 'find'>
}

/** Fingerprints of what it has shown, and of what it was given: that may be in the hands of whoever has it. */
async function certificatesOf(
  { registry, issued, denied }: KnownCertificates,
  identity: string,
  now: number,
): Promise<readonly string[]> {
  const shown = await registry.keysOf(identity)
  const given = (await issued.list({ identity, limit: maxIssued })).filter(({ notAfter }) => notAfter > now)
  const found: string[] = []
  for (const fingerprint of new Set([...shown, ...given].map((one) => one.certificateFingerprint))) {
    const present = await denied.find({ fingerprint, serialNumber: '', issuer: '' })
    // Retired for good: whoever allows the charge point's certificates again does not mean those.
    if (present?.by !== 'superseded') found.push(fingerprint)
  }
  return found
}

/** Where it is kept what is denied, and what our own authorities say of what they have issued. */
export interface DenyStores {
  readonly denied: Pick<DenyList, 'add' | 'remove'>
  readonly issued: Pick<IssuedCertificates, 'revoke' | 'release'>
}

/** Denies; what an authority of ours has issued is in its CRL and OCSP from then on (A00.FR.704). */
export async function deny({ denied, issued }: DenyStores, entry: NewDenyEntry): Promise<DenyEntry> {
  const kept = await denied.add(entry)
  if (kept.target.kind === 'fingerprint')
    await issued.revoke(kept.target.fingerprint, { at: entry.at, reason: 'unspecified' })
  return kept
}

/** Takes an entry back, and the revocation of ours with it. False: it is not on the list (any more). */
export async function allow({ denied, issued }: DenyStores, { target }: DenyEntry): Promise<boolean> {
  // First: one that is allowed must not stay revoked after a crash; the entry can be taken back again.
  if (target.kind === 'fingerprint') await issued.release(target.fingerprint)
  return denied.remove(target)
}

function invalid(message: string): ProxyError {
  return new ProxyError('deny_target_invalid', 'operator', message)
}
