import { type Static, Type } from 'typebox'
import { ProxyError } from '../policy/error.ts'
import type { DenyEntry, DenyTarget, NewDenyEntry, Registry } from '../store/store.ts'
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

/** Which certificates are meant: one by fingerprint or serial number, or all that are known of a charge point. */
export interface DenyRequest {
  readonly fingerprint?: string
  readonly serialNumber?: string
  readonly issuer?: string
  readonly identity?: string
  readonly note?: string
}

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
 * `charge_point_unknown`, or `certificate_unknown` for a charge point that has shown none so far.
 */
export async function entriesOf(
  request: DenyRequest,
  registry: Registry,
  now: number,
): Promise<readonly NewDenyEntry[]> {
  const { identity, note = 'by the operator' } = request
  const target = targetOf(request)
  if (identity !== undefined) await requireChargePoint(registry, identity)
  const entry = { note, by: 'operator', at: now, expiresAt: null, identity: identity ?? null } as const
  if (target !== null) return [{ ...entry, target }]
  if (identity === undefined) throw invalid('name a fingerprint, a serial number or a charge point')
  const keys = await registry.keysOf(identity)
  if (keys.length === 0) {
    const message = `no certificate of ${identity} is known yet: name its fingerprint, or block the charge point`
    throw new ProxyError('certificate_unknown', 'operator', message)
  }
  return keys.map(({ certificateFingerprint }) => ({
    ...entry,
    target: { kind: 'fingerprint', fingerprint: certificateFingerprint },
  }))
}

function invalid(message: string): ProxyError {
  return new ProxyError('deny_target_invalid', 'operator', message)
}
