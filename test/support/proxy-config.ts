import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Authority, type Issued, makeAuthority } from './authority.ts'
import { replaceFile } from './replace-file.ts'

/** The three listeners that every proxy under test has, by name; `migration` only where a test names it. */
export const profiles = { 'basic-auth': 1, 'basic-auth-tls': 2, 'mutual-tls': 3, migration: 0 } as const
export type ListenerName = keyof typeof profiles
export const listenerNames = ['basic-auth', 'basic-auth-tls', 'mutual-tls'] as const

type Section = Readonly<Record<string, unknown>>

/** What a test wants other than usual; every section is laid over the usual one. */
export interface ConfigChange {
  readonly listeners?: Partial<Record<ListenerName, Section>>
  /** Laid over the `tls` section of both TLS listeners. */
  readonly tls?: Section
  /** `clientCertificates.revocation` of the listener of profile 3. */
  readonly revocation?: Section
  readonly edition?: 3 | 4
  readonly cpo?: Section
  readonly centralSystem?: Section
  /** For listeners that serve ocpp2.0.1. */
  readonly centralSystem201?: Section
  readonly certificateAuthority?: Section
  readonly admission?: Section
  readonly messages?: Section
  readonly limits?: Section
  readonly store?: Section
  readonly passwords?: Section
  readonly profileUpgrade?: Section
  readonly securityEvents?: Section
  readonly onboarding?: Section
  readonly plugAndCharge?: Section
  readonly firmware?: Section
  readonly chargePointLogs?: Section
  readonly admin?: Section
  readonly drain?: Section
  readonly log?: Section
}

/** The authority of charge points, that of servers, and where their files are. */
export interface Pki {
  readonly folder: string
  /** Issues charge point certificates that are trusted. */
  readonly cpo: Authority
  /** Issues certificates that are good for onboarding only. */
  readonly factory: Authority
  /** PEM that clients trust the proxy by. */
  readonly serverRoot: string
  /** The certificate and key files that the proxy serves, written anew. */
  renewServer(kind?: 'ecdsa' | 'rsa'): Promise<Issued>
}

/** Makes authorities and server certificates in `folder`; an RSA certificate costs time and is made on demand. */
export async function createPki(folder: string, kinds: readonly ('ecdsa' | 'rsa')[]): Promise<Pki> {
  const [cpo, factory, servers] = await Promise.all([
    makeAuthority(),
    makeAuthority({ name: 'Factory root', o: 'Factory' }),
    makeAuthority({ name: 'Server root' }),
  ])
  const write = (name: string, text: string) =>
    replaceFile(join(folder, name), text, name.endsWith('.key') ? 0o600 : 0o644)
  const pki: Pki = {
    folder,
    cpo,
    factory,
    serverRoot: servers.certificate,
    async renewServer(kind = 'ecdsa') {
      const issued = await servers.server(kind)
      write(`server-${kind}.pem`, issued.chain)
      write(`server-${kind}.key`, issued.key)
      return issued
    },
  }
  write('cpo-root.pem', cpo.certificate)
  write('cpo-root.key', cpo.key)
  write('factory-root.pem', factory.certificate)
  for (const kind of kinds) await pki.renewServer(kind)
  return pki
}

/** What is not about a time-out takes its time where many connect at once, on a machine that has much else to do. */
const patience = '60s'

/** The configuration of a proxy under test: free ports, short times, and what the test changes. */
export function buildConfig(
  change: ConfigChange,
  kinds: readonly ('ecdsa' | 'rsa')[],
  centralSystemUrl: string,
): object {
  const certificates = kinds.map((kind) => ({
    certificate: `server-${kind}.pem`,
    key: `server-${kind}.key`,
  }))
  const tls = { certificates, names: ['localhost'], ...change.tls }
  const clientCertificates = {
    trust: ['cpo-root.pem'],
    factory: ['factory-root.pem'],
    ...(change.revocation === undefined ? {} : { revocation: change.revocation }),
  }
  const usual = {
    'basic-auth': {},
    'basic-auth-tls': { tls },
    'mutual-tls': { tls: { ...tls, clientCertificates } },
    migration: {},
  }
  const names: readonly ListenerName[] =
    change.listeners?.migration === undefined ? listenerNames : [...listenerNames, 'migration']
  return {
    edition: change.edition ?? 3,
    cpo: { names: ['Example CPO'], ...change.cpo },
    listeners: names.map((name) => ({
      name,
      address: '127.0.0.1:0',
      securityProfile: profiles[name],
      ...usual[name],
      ...change.listeners?.[name],
    })),
    centralSystem: { url: centralSystemUrl, connectTimeout: patience, ...change.centralSystem },
    ...(change.centralSystem201 === undefined ? {} : { centralSystem201: change.centralSystem201 }),
    ...(change.certificateAuthority === undefined
      ? {}
      : { certificateAuthority: change.certificateAuthority }),
    admission: { ...change.admission },
    messages: { ...change.messages },
    limits: {
      perAddressPerMinute: 100_000,
      handshakeTimeout: patience,
      requestTimeout: patience,
      ...change.limits,
    },
    store: { sqlite: 'data/proxy.db', ...change.store },
    ...(change.passwords === undefined ? {} : { passwords: change.passwords }),
    ...(change.profileUpgrade === undefined ? {} : { profileUpgrade: change.profileUpgrade }),
    ...(change.onboarding === undefined ? {} : { onboarding: change.onboarding }),
    ...(change.plugAndCharge === undefined ? {} : { plugAndCharge: change.plugAndCharge }),
    ...(change.firmware === undefined ? {} : { firmware: change.firmware }),
    ...(change.chargePointLogs === undefined ? {} : { chargePointLogs: change.chargePointLogs }),
    ...(change.securityEvents === undefined ? {} : { securityEvents: change.securityEvents }),
    admin: { address: '127.0.0.1:0', ...change.admin },
    drain: { timeout: '500ms', ...change.drain },
    log: { level: 'info', ...change.log },
  }
}

/** The authority of the operator's charge points, in the proxy itself. */
export const localAuthority = { local: { certificate: 'cpo-root.pem', key: 'cpo-root.key' } } as const

export function writeConfig(folder: string, config: object): string {
  const path = join(folder, 'proxy.yaml')
  mkdirSync(folder, { recursive: true })
  replaceFile(path, stringify(config), 0o644)
  return path
}
