import { checkKeys, checkPath, checkSerialNumber, checkSignatures, checkValidity } from './certificate.ts'
import { type CsrFacts, type CsrProblem, checkCsr } from './csr.ts'
import type { ChainFacts } from './facts.ts'

/**
 * V2G certificates: what a charge point shows to vehicles (ISO 15118). They are of another domain of
 * trust than the certificates that it shows to us, and nothing may be good for both.
 */

/** What the proxy knows about the charge point that asks. */
export interface V2gExpectation {
  readonly organizations: readonly string[]
  /** Texts that its commonName may be; `*` is any. */
  readonly commonNames: readonly string[]
  /** The charge point that shows this key to us, itself included; null: nobody does. */
  readonly tlsKeyOwner: string | null
}

/** Everything that is wrong with a request for a V2G certificate; empty: it may be signed. */
export function checkV2gCsr(csr: CsrFacts, expected: V2gExpectation): readonly CsrProblem[] {
  const { organizations, commonNames, tlsKeyOwner } = expected
  const [name = ''] = csr.commonNames
  const problems = checkCsr(csr, {
    identity: '',
    cpoNames: organizations,
    serialNumber: name,
    keyOwner: null,
  })
  const isNamed = commonNames.includes('*') || commonNames.includes(name)
  return [
    ...problems,
    ...(isNamed || csr.commonNames.length !== 1
      ? []
      : [
          {
            code: 'csr_common_name',
            detail: 'its commonName is none that plugAndCharge.signCertificate.commonNames has for it',
          } as const,
        ]),
    // A key that is good for both domains would join them (A00.FR.427).
    ...(tlsKeyOwner === null
      ? []
      : [{ code: 'csr_shared_key', detail: 'it is the key of a charge point certificate' } as const]),
  ]
}

/** The names that templates stand for. `{serialNumber}` stands for nothing where none is registered. */
export function v2gCommonNames(
  templates: readonly string[],
  { identity, serialNumber }: { readonly identity: string; readonly serialNumber: string | null },
): readonly string[] {
  return templates
    .filter((template) => serialNumber !== null || !template.includes('{serialNumber}'))
    .map((template) =>
      template
        .replaceAll('{identity}', () => identity)
        .replaceAll('{serialNumber}', () => serialNumber ?? ''),
    )
}

/** A clock of the authority that is ahead of ours. */
const skewMs = 60_000

/** What is wrong with an issued chain, in words; empty: the charge point may have it. */
export function checkV2gIssued(
  chain: ChainFacts,
  expected: { readonly keyFingerprint: string; readonly now: number; readonly minimumLifetimeMs: number },
): readonly string[] {
  const { leaf } = chain
  const { keyFingerprint, now, minimumLifetimeMs } = expected
  const verdicts = [
    checkPath(chain),
    checkValidity(chain, now + skewMs),
    checkKeys(chain),
    checkSignatures(chain),
    checkSerialNumber(leaf),
  ]
  return [
    ...(leaf.keyFingerprint === keyFingerprint ? [] : ['it is for another key than the request']),
    ...verdicts.flatMap((verdict) => (verdict.ok ? [] : [verdict.detail])),
    ...(leaf.isCa ? ['it is the certificate of an authority'] : []),
    ...(leaf.notAfter - now < minimumLifetimeMs ? ['it ends too soon (minimumLifetime)'] : []),
  ]
}
