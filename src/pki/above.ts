import type { X509Certificate } from 'node:crypto'

/**
 * From a certificate's issuer up to its root, as far as `certificates` reach, nearest first. Their
 * order and those that do not belong to it do not matter.
 */
export function certificatesAbove(
  certificate: X509Certificate,
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] {
  const above: X509Certificate[] = []
  for (let last = certificate; ; ) {
    const next = certificates.find(
      (one) =>
        one !== certificate && !above.includes(one) && last.checkIssued(one) && last.verify(one.publicKey),
    )
    if (next === undefined) return above
    above.push(next)
    last = next
  }
}
