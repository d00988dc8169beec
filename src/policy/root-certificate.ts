import type { CertificateFacts } from './facts.ts'
import { describeKey, isStrongEnough, isStrongSignature } from './key-strength.ts'

/** Root certificates of charge points (M03 to M05): their names, and what one must be to be sent. Pure. */

/** CertificateUseEnumType of the white paper: what a charge point trusts it for. */
export const ownRootTypes = ['CentralSystemRootCertificate', 'ManufacturerRootCertificate'] as const
/** What OCPP 2.0.1 calls a CentralSystemRootCertificate. */
export const csmsRootType = 'CSMSRootCertificate'
/** Those of ISO 15118, which OCPP 1.6 carries in DataTransfer (application note Plug & Charge). */
export const plugAndChargeRootTypes = [
  'V2GRootCertificate',
  'MORootCertificate',
  'V2GCertificateChain',
] as const
export const rootCertificateTypes = [...ownRootTypes, ...plugAndChargeRootTypes] as const
export type RootCertificateType = (typeof rootCertificateTypes)[number]

/** Two domains of trust: these never go out as messages about the charge point's own connection. */
export function isPlugAndChargeType(type: RootCertificateType): boolean {
  return plugAndChargeRootTypes.some((one) => one === type)
}

/** Its own V2G certificate and those above it: a charge point lists and deletes it, and installs it by CertificateSigned. */
export function isInstallable(type: RootCertificateType): boolean {
  return type !== 'V2GCertificateChain'
}

/** CertificateHashDataType: how OCPP names a certificate. */
export interface RootHashData {
  readonly hashAlgorithm: 'SHA256' | 'SHA384' | 'SHA512'
  readonly issuerNameHash: string
  readonly issuerKeyHash: string
  readonly serialNumber: string
}

/** Which of the certificates that a charge point reports. `certificate` is PEM. */
export type RootSelector =
  | { readonly certificate: string }
  | { readonly hashData: RootHashData }
  /** Hexadecimal; it must be the only one with this number. */
  | { readonly serialNumber: string }

/** InstallCertificate.req: characters of PEM (facts 1.2). */
export const maxRootPem = 5500

/** Certificates of one type that a charge point may tell of, and children of each: a hostile list ends there (CWE-770). */
export const maxRootsPerType = 100
export const maxChildren = 4

/** Closed table: what can be wrong with a root, the rule that says so, and what an operator can do. */
export const rootProblems = {
  root_not_one: {
    requirements: ['M05.FR.01', 'A00.FR.507'],
    hint: 'Give one certificate in PEM, without a key and without the rest of a chain.',
  },
  root_too_large: {
    requirements: ['M05.FR.01'],
    hint: `The message holds ${maxRootPem} characters of PEM: issue a root with fewer extensions or a smaller key.`,
  },
  root_not_ca: {
    requirements: ['M05.FR.07', 'A00.FR.512'],
    hint: 'The certificate must be that of an authority: basicConstraints CA:TRUE, and keyCertSign where it has a key usage.',
  },
  root_weak_key: {
    requirements: ['A00.FR.501', 'A00.FR.502', 'A00.FR.503'],
    hint: 'Make the root with RSA of 2048 bits or more, or EC of 224 or more.',
  },
  root_weak_signature: {
    requirements: ['A00.FR.504', 'A00.FR.506'],
    hint: 'Sign the root with SHA-256 or better.',
  },
  root_not_valid: {
    requirements: ['M05.FR.07'],
    hint: 'A root must be valid now: one that has expired, or that is not valid yet, trusts nobody.',
  },
  root_serial_number: {
    requirements: ['A00.FR.508'],
    hint: 'Without a positive serial number of 20 bytes at most OCPP has no name for the certificate.',
  },
  root_critical_extension: {
    requirements: ['M05.FR.07'],
    hint: 'The certificate has a critical extension that charge points need not understand.',
  },
  root_not_self_signed: {
    requirements: ['M05.FR.01'],
    hint: 'Only a charge point with AdditionalRootCertificateCheck takes one that another authority has signed; many others can neither list nor delete it afterwards.',
  },
  root_signature: {
    requirements: ['M05.FR.07'],
    hint: 'The certificate names itself as its issuer, and its own key has not signed it.',
  },
  root_not_signed_by_old: {
    requirements: ['M05.FR.10', 'M05.FR.11'],
    hint: 'AdditionalRootCertificateCheck is true: let the old root sign the new one.',
  },
  root_old_unknown: {
    requirements: ['M05.FR.10'],
    hint: 'AdditionalRootCertificateCheck is true, and the proxy does not know the root that is installed: give it by --old-root.',
  },
  root_other_domain: {
    requirements: ['M05.FR.01'],
    hint: 'The connection of a charge point and ISO 15118 need roots of their own: was another --type meant?',
  },
} as const

export type RootProblemCode = keyof typeof rootProblems

export interface RootProblem {
  readonly code: RootProblemCode
  /** For operators. */
  readonly detail: string
}

/** 20 bytes (RFC 5280 4.1.2.2; CiString40). */
const maxSerialDigits = 40

/**
 * Everything that is wrong with a certificate that is to be installed as a root, whoever gets it;
 * empty: nothing. `now` in milliseconds since the epoch.
 */
export function checkRoot(root: CertificateFacts, now: number): readonly RootProblem[] {
  const found: (RootProblem | null)[] = [
    checkAuthority(root),
    isStrongEnough(root.key)
      ? null
      : {
          code: 'root_weak_key',
          detail: `it has ${describeKey(root.key)}, of less than 112 bits of strength`,
        },
    isStrongSignature(root)
      ? null
      : {
          code: 'root_weak_signature',
          detail: `it is signed with ${root.signatureKind} and ${root.signatureHash}`,
        },
    checkDates(root, now),
    root.serialNumber !== '' && root.serialNumber.length <= maxSerialDigits
      ? null
      : { code: 'root_serial_number', detail: 'its serial number is none that OCPP can carry' },
    root.unknownCriticalExtension === null
      ? null
      : {
          code: 'root_critical_extension',
          detail: `its critical extension ${root.unknownCriticalExtension} is not understood`,
        },
  ]
  return found.filter((problem) => problem !== null)
}

/** RFC 5280 4.2.1.3: a root without a key usage may do everything. */
function checkAuthority({ isCa, keyUsage }: CertificateFacts): RootProblem | null {
  if (!isCa) return { code: 'root_not_ca', detail: 'it is not marked as the certificate of an authority' }
  if (keyUsage === null || keyUsage.includes('keyCertSign')) return null
  return {
    code: 'root_not_ca',
    detail: 'its key usage does not allow it to sign certificates (no keyCertSign)',
  }
}

function checkDates({ notBefore, notAfter }: CertificateFacts, now: number): RootProblem | null {
  if (now >= notAfter) return { code: 'root_not_valid', detail: `it expired at ${timeText(notAfter)}` }
  if (now < notBefore) {
    return { code: 'root_not_valid', detail: `it is not valid before ${timeText(notBefore)}` }
  }
  return null
}

function timeText(time: number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString()
}
