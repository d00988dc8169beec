import type { KeyFacts } from '../policy/facts.ts'
import {
  bitLengthOf,
  childrenOf,
  type DerElement,
  derTag,
  expectTag,
  readOid,
  readPositiveInteger,
} from './der.ts'
import { curves, keyOid } from './oids.ts'

/** What a SubjectPublicKeyInfo holds. Throws ProxyError `certificate_unreadable`. */
export function readPublicKey(info: DerElement): KeyFacts {
  const [algorithm, key] = childrenOf(expectTag(info, derTag.sequence, 'the public key'))
  const [type, parameters] = childrenOf(expectTag(algorithm, derTag.sequence, 'the key algorithm'))
  const bits = expectTag(key, derTag.bitString, 'the key bits')
  switch (readOid(type, 'the key algorithm')) {
    case keyOid.rsa:
      return readRsa(bits, 'rsa')
    case keyOid.rsaPss:
      return readRsa(bits, 'rsa-pss')
    case keyOid.ec:
      return readCurve(parameters)
    case keyOid.dsa:
      return readDsa(parameters)
    case keyOid.ed25519:
      return { type: 'ed25519', bits: 256 }
    case keyOid.ed448:
      return { type: 'ed448', bits: 456 }
    default:
      return { type: 'unknown', bits: 0 }
  }
}

function readRsa(bits: DerElement, type: 'rsa' | 'rsa-pss'): KeyFacts {
  const [key] = childrenOf(bits, 1)
  const [modulus, exponent] = childrenOf(expectTag(key, derTag.sequence, 'the RSA key'))
  const e = readPositiveInteger(exponent, 'the RSA exponent')
  // With an exponent of 1 everybody can sign, and an even one is no RSA (RFC 8017 3.1).
  if (e === null || bitLengthOf(e) < 2 || ((e.at(-1) ?? 0) & 1) === 0) return { type: 'unknown', bits: 0 }
  return { type, bits: bitLengthOf(readPositiveInteger(modulus, 'the RSA modulus')) }
}

/** Only named curves: explicit parameters let the owner choose a weak one (CVE-2020-0601; RFC 5480 2.1.1). */
function readCurve(parameters: DerElement | undefined): KeyFacts {
  if (parameters?.tag !== derTag.oid) return { type: 'unknown', bits: 0 }
  const oid = readOid(parameters, 'the curve')
  const curve = curves[oid]
  return { type: 'ec', curve: curve?.name ?? oid, bits: curve?.bits ?? 0 }
}

function readDsa(parameters: DerElement | undefined): KeyFacts {
  if (parameters?.tag !== derTag.sequence) return { type: 'unknown', bits: 0 }
  const [p, q] = childrenOf(parameters)
  const modulus = bitLengthOf(readPositiveInteger(p, 'the DSA modulus'))
  // 112 bits of strength need 2048 and 224 (SP 800-57 5.6.1): a short q makes a long p worthless.
  const enough = bitLengthOf(readPositiveInteger(q, 'the DSA subgroup')) >= 224
  return { type: 'dsa', bits: enough ? modulus : Math.min(modulus, 1024) }
}
