import type { KeySpec } from './keys.ts'

/** What the development PKI consists of; `certs/README.md` says it for people. */

type Role = 'root' | 'server' | 'charge-point'

/** A certificate with its key. */
export interface Entry {
  /** File name without `.pem` and `.key`. */
  readonly name: string
  readonly role: Role
  /** Name of the issuing entry; null: self-signed. */
  readonly issuer: string | null
  readonly key: KeySpec
  readonly days: number
  /** CN, where the role does not say it. */
  readonly commonName: string
  /** Belongs to the manufacturer, not to the CPO. */
  readonly factory?: true
}

const ec: KeySpec = { type: 'ec', curve: 'P-256' }
const rootDays = 3650
const serverDays = 365
const chargePointDays = 730

/** Issuers before those that they issue. */
export const entries: readonly Entry[] = [
  {
    name: 'cpo-root-ecdsa',
    role: 'root',
    issuer: null,
    key: ec,
    days: rootDays,
    commonName: 'Development CPO root ECDSA',
  },
  {
    name: 'cpo-root-rsa',
    role: 'root',
    issuer: null,
    key: { type: 'rsa', bits: 3072 },
    days: rootDays,
    commonName: 'Development CPO root RSA',
  },
  {
    name: 'factory-root',
    role: 'root',
    issuer: null,
    key: ec,
    days: rootDays,
    commonName: 'Development factory root',
    factory: true,
  },
  {
    name: 'server-ecdsa',
    role: 'server',
    issuer: 'cpo-root-ecdsa',
    key: ec,
    days: serverDays,
    commonName: '',
  },
  {
    name: 'server-rsa',
    role: 'server',
    issuer: 'cpo-root-rsa',
    key: { type: 'rsa', bits: 2048 },
    days: serverDays,
    commonName: '',
  },
  {
    name: 'cp-ecdsa',
    role: 'charge-point',
    issuer: 'cpo-root-ecdsa',
    key: ec,
    days: chargePointDays,
    commonName: 'SN-0001',
  },
  {
    name: 'cp-rsa',
    role: 'charge-point',
    issuer: 'cpo-root-rsa',
    key: { type: 'rsa', bits: 2048 },
    days: chargePointDays,
    commonName: 'SN-0002',
  },
  {
    name: 'cp-factory',
    role: 'charge-point',
    issuer: 'factory-root',
    key: ec,
    days: chargePointDays,
    commonName: 'SN-0003',
    factory: true,
  },
]

/** Both CPO roots in one file: what a trust list and a charge point install. */
export const bundle = { name: 'cpo-root.pem', of: ['cpo-root-ecdsa', 'cpo-root-rsa'] } as const
