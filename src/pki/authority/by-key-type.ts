import type { X509Certificate } from 'node:crypto'
import { type Authority, AuthorityError } from './authority.ts'

/**
 * One authority for RSA requests and one for those on curves: a charge point that knows RSA only
 * cannot verify an ECDSA signature of its own chain (A00.FR.317, 318). null: such requests are rejected.
 */
export function authorityByKeyType(
  name: string,
  byType: { readonly rsa: Authority | null; readonly ec: Authority | null },
): Authority {
  const roots = (): readonly X509Certificate[] => {
    const all = [byType.rsa, byType.ec].flatMap((one) => one?.roots() ?? [])
    return all.filter((root, at) => all.findIndex((other) => other.raw.equals(root.raw)) === at)
  }
  return {
    name,
    roots,
    async issue(request, signal) {
      const { type } = request.csr.facts.key
      const authority = type === 'rsa' || type === 'rsa-pss' ? byType.rsa : byType.ec
      if (authority === null)
        throw new AuthorityError('rejected', `authority ${name} has no issuer for keys of type ${type}`)
      return authority.issue(request, signal)
    },
  }
}
