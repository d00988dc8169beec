import type { X509Certificate } from 'node:crypto'
import { parseCertificate, splitPem } from '../../pki/certificate.ts'
import { buildChain, type TrustLists } from '../../pki/chain.ts'
import type { Root } from './root.ts'

/** What a listener shows: the certificate and what comes with it, PEM. */
export type ServerChain = string

/** Rather many certificates than listeners: what is not looked at is not protected. */
const maxChains = 64

/**
 * Does a certificate that the proxy shows lead to `root`, and to none of `left`? Then a charge point
 * that gives up `root` could not come back (M04, remarks). Returns the subject of that certificate; null:
 * there is none. `now` in milliseconds since the epoch. Never throws.
 */
export function strandedBy(
  root: Root,
  left: readonly Root[],
  chains: readonly ServerChain[],
  now: number,
): string | null {
  for (const chain of chains.slice(0, maxChains)) {
    const [leaf, ...rest] = certificatesOf(chain)
    if (leaf === undefined) continue
    const leadsTo = (roots: readonly Root[]) => isTrustedBy(roots, leaf, rest, now)
    if (leadsTo([root]) && !leadsTo(left)) return leaf.subject.replaceAll('\n', ', ')
  }
  return null
}

function isTrustedBy(
  roots: readonly Root[],
  leaf: X509Certificate,
  rest: readonly X509Certificate[],
  now: number,
): boolean {
  const trust: TrustLists = { cpo: roots.map(({ certificate }) => certificate), factory: [] }
  try {
    return buildChain(leaf, rest, trust, now).anchor !== null
  } catch {
    // OpenSSL serves what we cannot read: nobody can say where it leads.
    return false
  }
}

function certificatesOf(chain: ServerChain): readonly X509Certificate[] {
  try {
    return splitPem(chain).map((block) => parseCertificate(block))
  } catch {
    return []
  }
}
