import { checkPath, checkSerialNumber, checkSignatures, checkValidity } from './certificate.ts'
import { type CsrFacts, type CsrProblemCode, checkCsr } from './csr.ts'
import type { CertificateFacts, ChainFacts, KeyFacts } from './facts.ts'
import { describeKey } from './key-strength.ts'

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

/** The codes of charge point requests, and one that vehicles alone care about. */
export interface V2gCsrProblem {
  readonly code: CsrProblemCode | 'v2g_key'
  readonly detail: string
}

/**
 * What vehicles can verify: ECDSA on P-256 (ISO 15118-2), and on P-521 or Ed448 (ISO 15118-20). Their TLS has no
 * suite for RSA.
 */
export function isV2gKey(key: KeyFacts): boolean {
  return key.type === 'ec' ? key.curve === 'P-256' || key.curve === 'P-521' : key.type === 'ed448'
}

/** For people. */
export const v2gKeys = 'vehicles know P-256, P-521 and Ed448 (ISO 15118-2, ISO 15118-20)'

/** Everything that is wrong with a request for a V2G certificate; empty: it may be signed. */
export function checkV2gCsr(csr: CsrFacts, expected: V2gExpectation): readonly V2gCsrProblem[] {
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
    ...(isV2gKey(csr.key)
      ? []
      : [{ code: 'v2g_key', detail: `it has ${describeKey(csr.key)}; ${v2gKeys}` } as const]),
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
const serverAuth = '1.3.6.1.5.5.7.3.1'
const anyExtendedKeyUsage = '2.5.29.37.0'
/** ISO 15118-2: the certificate of a charge point lives for two to three months. */
const usualLifetimeMs = 93 * 86_400_000

export interface V2gIssueExpectation {
  readonly keyFingerprint: string
  readonly now: number
  readonly minimumLifetimeMs: number
  /** Keys of the authorities that are trusted for charge points: none of them may have signed here. */
  readonly foreignKeys: ReadonlySet<string>
}

/**
 * What is wrong with an issued chain, in words; empty: the charge point may have it. The rules are those of
 * vehicles: names are for the V2G authority to choose, and no purpose of a TLS client is asked for.
 */
export function checkV2gIssued(chain: ChainFacts, expected: V2gIssueExpectation): readonly string[] {
  const { leaf, issuers } = chain
  const { keyFingerprint, now, minimumLifetimeMs, foreignKeys } = expected
  const verdicts = [
    checkPath(chain),
    checkValidity(chain, now + skewMs),
    checkSignatures(chain),
    checkSerialNumber(leaf),
  ]
  const unknown = [leaf, ...issuers].find(({ key }) => !isV2gKey(key))
  const foreign = [leaf, ...issuers].find((one) => foreignKeys.has(one.keyFingerprint))
  return [
    ...(leaf.keyFingerprint === keyFingerprint ? [] : ['it is for another key than the request']),
    ...verdicts.flatMap((verdict) => (verdict.ok ? [] : [verdict.detail])),
    ...(leaf.isCa ? ['it is the certificate of an authority'] : []),
    ...(unknown === undefined ? [] : [`its path has ${describeKey(unknown.key)}; ${v2gKeys}`]),
    ...(foreign === undefined ? [] : ['its path has a key that is trusted for charge points as well']),
    ...purposeProblems(leaf),
    ...(leaf.notAfter - now < minimumLifetimeMs ? ['it ends too soon (minimumLifetime)'] : []),
  ]
}

/** It is the TLS server towards vehicles (RFC 5280 4.2.1.3 and 4.2.1.12): what is absent forbids nothing. */
function purposeProblems({ keyUsage, extendedKeyUsage }: CertificateFacts): readonly string[] {
  const purposes = extendedKeyUsage ?? [serverAuth]
  const isServer = purposes.includes(serverAuth) || purposes.includes(anyExtendedKeyUsage)
  return [
    ...(keyUsage === null || keyUsage.includes('digitalSignature')
      ? []
      : ['its key usage is without digitalSignature']),
    ...(isServer ? [] : ['its extended key usage is without serverAuth, which vehicles look for']),
  ]
}

/** Longer than vehicles may expect; null: it is not. In words for operators. */
export function longV2gLifetime({ notBefore, notAfter }: CertificateFacts): string | null {
  if (notAfter - notBefore <= usualLifetimeMs) return null
  const days = Math.floor((notAfter - notBefore) / 86_400_000)
  return `it lives for ${days} days, and ISO 15118-2 has two to three months`
}
