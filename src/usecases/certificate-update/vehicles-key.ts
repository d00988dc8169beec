import { isOfVehicles } from '../../pki/authority/v2g-index.ts'
import type { IssuedCertificates } from '../../store/store.ts'

/** V2G certificates live for three months, and a charge point has some requests an hour: what is older has ended. */
const newest = 1_000

/** A charge point shows one certificate to us and another to vehicles: a key for both would join the two domains of trust. */
export async function isKeyOfVehicles(
  issued: Pick<IssuedCertificates, 'list'>,
  identity: string,
  keyFingerprint: string,
): Promise<boolean> {
  const known = await issued.list({ identity, limit: newest })
  return known.some((one) => one.keyFingerprint === keyFingerprint && isOfVehicles(one))
}
