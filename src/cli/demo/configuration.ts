import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { crlFiles } from './revocation-lists.ts'

/** The two proxies of the demo: one as an operator would run it, one with limits that are soon reached. */
export const siteNames = ['main', 'tight'] as const
export type SiteName = (typeof siteNames)[number]

export const databaseOf = (site: SiteName) => `${site}.db`

/** Who may send a PROXY header: the demo's own load balancer. */
const balanced = {
  name: 'balanced',
  address: '127.0.0.1:0',
  securityProfile: 1,
  proxyProtocol: { from: ['127.0.0.0/8'] },
}
const basicAuth = { name: 'basic-auth', address: '127.0.0.1:0', securityProfile: 1 }
const tls = {
  certificates: [
    { certificate: 'server-ecdsa.pem', key: 'server-ecdsa.key' },
    { certificate: 'server-rsa.pem', key: 'server-rsa.key' },
  ],
  names: ['localhost'],
}
const basicAuthTls = { name: 'basic-auth-tls', address: '127.0.0.1:0', securityProfile: 2 }

const sites = {
  main: {
    listeners: [
      basicAuth,
      { ...basicAuthTls, tls: { ...tls, legacy: true } },
      {
        name: 'mutual-tls',
        address: '127.0.0.1:0',
        securityProfile: 3,
        tls: {
          ...tls,
          clientCertificates: {
            trust: ['cpo-root.pem'],
            factory: ['factory-root.pem'],
            revocation: { crl: crlFiles },
          },
        },
      },
      balanced,
    ],
    limits: { failuresPerIdentity: 2, perAddressPerMinute: 10_000 },
    drain: { timeout: '2s' },
  },
  tight: {
    listeners: [basicAuth, { ...basicAuthTls, tls }, balanced],
    limits: {
      connections: 3,
      perAddressPerMinute: 10,
      handshakeTimeout: '2s',
      requestTimeout: '2s',
      idle: '1s',
      pingTimeout: '2s',
      messagesPerMinute: 30,
    },
    drain: { timeout: '1s' },
  },
} as const satisfies Record<SiteName, object>

/** New connections of one address in a minute at the tight site. */
export const tightRate = sites.tight.limits.perAddressPerMinute
/** Messages of a charge point in a minute at the tight site. */
export const tightMessages = sites.tight.limits.messagesPerMinute
/** Connections at once at the tight site. */
export const tightConnections = sites.tight.limits.connections
/** Wrong passwords that lock an identity out at the main site. */
export const mainFailures = sites.main.limits.failuresPerIdentity

/** Writes the configuration of a site beside the certificates; returns its path. */
export async function writeConfiguration(
  folder: string,
  site: SiteName,
  centralSystemPort: number,
): Promise<string> {
  const path = join(folder, `${site}.yaml`)
  const sealingKeyFile = `${site}.sealing.key`
  await writeFile(join(folder, sealingKeyFile), randomBytes(32).toString('hex'), { mode: 0o600 })
  const configuration = {
    edition: 3,
    cpo: { names: ['Example CPO'] },
    ...sites[site],
    centralSystem: {
      url: `ws://127.0.0.1:${centralSystemPort}/ocpp`,
      connectTimeout: '2s',
      // Who has no password of its own there shows none.
      authorization: 'perChargePoint',
    },
    store: { sqlite: databaseOf(site), sealingKeyFile },
    admin: { address: '127.0.0.1:0' },
  }
  await writeFile(path, stringify(configuration))
  return path
}
