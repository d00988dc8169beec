import { type Static, Type } from 'typebox'
import { isPlugAndChargeType, rootCertificateTypes } from '../policy/root-certificate.ts'
import type { KnownRoot, RootInventory } from '../store/store.ts'
import { isoOrNull, nullableText, nullableTime, oneOf, strict } from './schemas.ts'

/** CertificateHashDataType, as OCPP names a certificate. */
const hashDataFields = {
  hashAlgorithm: oneOf(['SHA256', 'SHA384', 'SHA512']),
  issuerNameHash: Type.String({ maxLength: 128 }),
  issuerKeyHash: Type.String({ maxLength: 128 }),
  serialNumber: Type.String({ maxLength: 40 }),
}
export const hashDataRequest = strict(hashDataFields)

export const certificateType = oneOf(rootCertificateTypes)

const hashDataSchema = Type.Object(hashDataFields)

export const rootInventorySchema = Type.Object({
  certificateType,
  reportedAt: nullableTime(),
  roots: Type.Array(
    Type.Object({
      hashData: hashDataSchema,
      children: Type.Array(hashDataSchema),
      fingerprint: nullableText({ description: 'SHA-256, where the proxy knows the certificate.' }),
      subject: nullableText(),
      notAfter: nullableTime(),
    }),
  ),
})

export const rootCertificatesSchema = Type.Object({
  identity: Type.String(),
  /** One for each type. */
  inventories: Type.Array(rootInventorySchema, {
    description:
      'One for each type, those of ISO 15118 only where they were asked for; `reportedAt` null: the charge point was never asked.',
  }),
})
export type RootCertificatesAnswer = Static<typeof rootCertificatesSchema>

/** What a charge point told, with what is known of each certificate. */
export function rootCertificatesView(
  identity: string,
  inventories: readonly RootInventory[],
  known: readonly KnownRoot[],
): RootCertificatesAnswer {
  const byFingerprint = new Map(known.map((root) => [root.fingerprint, root]))
  return {
    identity,
    inventories: rootCertificateTypes.flatMap((type) => {
      const inventory = inventories.find((one) => one.certificateType === type)
      // Not every charge point has ISO 15118: what was never asked for is left out.
      if (inventory === undefined && isPlugAndChargeType(type)) return []
      const roots = (inventory?.roots ?? []).map(({ hashData, children, fingerprint }) => {
        const root = fingerprint === null ? undefined : byFingerprint.get(fingerprint)
        return {
          hashData: { ...hashData },
          children: children.map((child) => ({ ...child })),
          fingerprint,
          subject: root?.subject ?? null,
          notAfter: isoOrNull(root?.notAfter ?? null),
        }
      })
      return [{ certificateType: type, reportedAt: isoOrNull(inventory?.reportedAt ?? null), roots }]
    }),
  }
}
