import type { X509Certificate } from 'node:crypto'
import { certificateFacts, parseCertificate, splitPem } from '../pki/certificate.ts'
import {
  type CertificateHashData,
  certificateHashData,
  type HashAlgorithm,
  sameHashData,
} from '../pki/hash-data.ts'
import { verifySignature } from '../pki/signature.ts'
import { checkRoot, maxRootPem, type RootCertificateType } from '../policy/root-certificate.ts'

/** The root certificates of a simulated charge point, and what it does with them (M03 to M05). */

export interface RootSettings {
  /** PEM of the roots that it leaves the factory with: what its servers must lead to. undefined: the public ones. */
  readonly centralSystem: string | readonly string[] | undefined
  readonly manufacturer?: string | readonly string[] | undefined
  /** ISO 15118: roots of the vehicles' world, and of contract certificates. */
  readonly v2g?: string | readonly string[] | undefined
  readonly mo?: string | readonly string[] | undefined
  /** Under which it reports all of them. */
  readonly hashAlgorithm?: HashAlgorithm
  /** CertificateStoreMaxLength. */
  readonly maxLength?: number
  /** AdditionalRootCertificateCheck. */
  readonly additionalCheck?: boolean
}

export type InstallVerdict =
  | { readonly status: 'Accepted' }
  /** `isInvalid`: there is something wrong with the certificate itself. */
  | { readonly status: 'Rejected'; readonly why: string; readonly isInvalid: boolean }

export interface RootStore {
  readonly maxLength: number
  readonly additionalCheck: boolean
  readonly hasCentralSystemRoot: boolean
  /** The fallback included, while there is one. */
  list(type: RootCertificateType): readonly CertificateHashData[]
  certificates(type: RootCertificateType): readonly X509Certificate[]
  install(type: RootCertificateType, pem: string): InstallVerdict
  remove(hashData: CertificateHashData): 'Accepted' | 'NotFound'
  /** PEM that the next server certificate must lead to; undefined: the public roots. */
  trusted(): string | readonly string[] | undefined
  /** The server was found to be the right one: the fallback has done its duty (M05.FR.13). */
  connected(): void
  /** The server certificate was refused. True: the fallback is to be tried now (M05.FR.14). */
  refused(): boolean
}

interface Entry {
  readonly type: RootCertificateType
  readonly certificate: X509Certificate
  /** null: nobody knows it, so that the certificate has no hash data (RFC 6960 4.1.1). */
  readonly issuer: X509Certificate | null
}

const central: RootCertificateType = 'CentralSystemRootCertificate'

/** `changed`: what servers are verified by is another. `now` in milliseconds since the epoch. */
export function createRootStore(settings: RootSettings, changed: () => void, now: () => number): RootStore {
  const { hashAlgorithm = 'SHA256', maxLength = 10, additionalCheck = false } = settings
  /** null: as it left the factory. Read when somebody asks: a fleet has thousands. */
  let entries: Entry[] | null = null
  let fallback: Entry | null = null
  let isOnFallback = false

  function all(): Entry[] {
    entries ??= [
      ...entriesOf(central, settings.centralSystem),
      ...entriesOf('ManufacturerRootCertificate', settings.manufacturer),
      ...entriesOf('V2GRootCertificate', settings.v2g),
      ...entriesOf('MORootCertificate', settings.mo),
    ]
    return entries
  }

  const ofType = (type: RootCertificateType): Entry[] => all().filter((entry) => entry.type === type)

  function hashOf({ certificate, issuer }: Entry): CertificateHashData[] {
    return issuer === null ? [] : [certificateHashData(certificate, issuer, hashAlgorithm)]
  }

  function replaceCentral(entry: Entry, old: Entry): InstallVerdict {
    if (!isIssuedBy(entry.certificate, old.certificate)) {
      return rejected('it is not signed by the present root (M05.FR.11)', true)
    }
    // M05.FR.12: the old one stays until the new one has proven itself.
    fallback = old
    isOnFallback = false
    entries = [...all().filter(({ type }) => type !== central), { ...entry, issuer: old.certificate }]
    changed()
    return { status: 'Accepted' }
  }

  return {
    maxLength,
    additionalCheck,
    get hasCentralSystemRoot() {
      if (entries === null) return settings.centralSystem !== undefined
      return ofType(central).length > 0
    },
    list(type) {
      const kept = fallback !== null && type === central ? [fallback] : []
      return [...ofType(type), ...kept].flatMap(hashOf)
    },
    certificates: (type) => ofType(type).map(({ certificate }) => certificate),
    install(type, pem) {
      const certificate = readOne(pem)
      if (certificate === null) return rejected('it is no single certificate in PEM', true)
      const problems = checkRoot(certificateFacts(certificate), now())
      if (problems.length > 0) return rejected(problems.map(({ detail }) => detail).join('; '), true)
      // The same again takes its own place.
      if (ofType(type).some((entry) => entry.certificate.raw.equals(certificate.raw)))
        return { status: 'Accepted' }
      const known = all().map((one) => one.certificate)
      const entry: Entry = { type, certificate, issuer: issuerOf(certificate, known) }
      const [old] = ofType(central)
      if (type === central && additionalCheck && old !== undefined) return replaceCentral(entry, old)
      if (all().length >= maxLength) return rejected(`it has ${maxLength} already (M05.FR.06)`, false)
      entries = [...all(), entry]
      if (type === central) changed()
      return { status: 'Accepted' }
    },
    remove(hashData) {
      const isIt = (entry: Entry): boolean => hashOf(entry).some((own) => sameHashData(own, hashData))
      const left = all().filter((entry) => !isIt(entry))
      const isFallback = fallback !== null && isIt(fallback)
      if (left.length === all().length && !isFallback) return 'NotFound'
      if (isFallback) fallback = null
      entries = left
      changed()
      return 'Accepted'
    },
    trusted() {
      if (isOnFallback && fallback !== null) return [fallback.certificate.toString()]
      if (entries === null) return settings.centralSystem
      const own = ofType(central)
      // Public roots are not in the list, and stay until it has one of its own.
      if (settings.centralSystem === undefined && own.length === 0) return undefined
      return own.map(({ certificate }) => certificate.toString())
    },
    connected() {
      if (fallback !== null && !isOnFallback) fallback = null
      if (isOnFallback) changed()
      isOnFallback = false
    },
    refused() {
      const isNext = fallback !== null && !isOnFallback
      if (isNext || isOnFallback) changed()
      isOnFallback = isNext
      return isNext
    },
  }
}

function rejected(why: string, isInvalid: boolean): InstallVerdict {
  return { status: 'Rejected', why, isInvalid }
}

/** What cannot be read is left out: connecting will tell. */
function entriesOf(type: RootCertificateType, pem: string | readonly string[] | undefined): Entry[] {
  const certificates = splitPem(typeof pem === 'string' ? pem : (pem ?? []).join('\n')).flatMap((block) => {
    try {
      return [parseCertificate(block)]
    } catch {
      return []
    }
  })
  return certificates.map((certificate) => ({
    type,
    certificate,
    issuer: issuerOf(certificate, certificates),
  }))
}

function readOne(pem: string): X509Certificate | null {
  const [block, ...others] = splitPem(pem)
  if (block === undefined || others.length > 0 || pem.length > maxRootPem) return null
  try {
    const certificate = parseCertificate(block)
    certificateFacts(certificate)
    return certificate
  } catch {
    return null
  }
}

function issuerOf(certificate: X509Certificate, known: readonly X509Certificate[]): X509Certificate | null {
  return [certificate, ...known].find((issuer) => isIssuedBy(certificate, issuer)) ?? null
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    const [subject, signer] = [
      { certificate, facts: certificateFacts(certificate) },
      { certificate: issuer, facts: certificateFacts(issuer) },
    ]
    return certificate.checkIssued(issuer) && verifySignature(subject, signer)
  } catch {
    return false
  }
}
