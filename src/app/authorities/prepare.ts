import type { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { type ReadFile, readFileBounded } from '../../config/read.ts'
import type { AuthoritySource, CertificateAuthorityConfig } from '../../config/schema.ts'
import type { Authority } from '../../pki/authority/authority.ts'
import { authorityByKeyType } from '../../pki/authority/by-key-type.ts'
import { createEstAuthority } from '../../pki/authority/est.ts'
import { createHttpAuthority } from '../../pki/authority/http.ts'
import type { RemoteTls } from '../../pki/authority/https-call.ts'
import type { IssuedIndex } from '../../pki/authority/issued-index.ts'
import type { Issuer } from '../../pki/authority/issuer.ts'
import { createLocalAuthority } from '../../pki/authority/local.ts'
import { statusPointers } from '../../pki/authority/pointers.ts'
import type { CheckReturned } from '../../pki/authority/returned-chain.ts'
import { messageOf, ProxyError } from '../../policy/error.ts'
import { type LocalSection, readCertificates, readIssuer, readText } from './material.ts'

/** An issuer of ours, as the configuration has it: for certificates, CRL and OCSP. */
export interface LocalIssuer {
  /** In logs and in the URLs of CRL and OCSP: local, rsa or ec. */
  readonly name: string
  readonly issuer: Issuer
  readonly roots: readonly X509Certificate[]
  readonly settings: LocalSection
}

/** The authorities of a configuration, read and ready to be asked. */
export interface PreparedAuthorities {
  /** null: none is configured. */
  readonly authority: Authority | null
  readonly issuers: readonly LocalIssuer[]
}

export interface AuthorityDeps {
  readonly index: IssuedIndex
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly readFile?: ReadFile
  /** Where the section stands; certificateAuthority when left out. */
  readonly place?: string
  /** By what rules a returned chain is judged; those of charge point certificates when left out. */
  readonly check?: CheckReturned
}

export const noAuthorities: PreparedAuthorities = Object.freeze({ authority: null, issuers: [] })

/**
 * Reads every file of the authorities, and makes them. Throws ProxyError `authority_unusable` with the
 * place in the configuration; nothing is half taken over then.
 */
export function prepareAuthorities(
  config: CertificateAuthorityConfig | undefined,
  deps: AuthorityDeps,
): PreparedAuthorities {
  if (config === undefined) return noAuthorities
  const issuers: LocalIssuer[] = []
  const make = (name: string, source: AuthoritySource | undefined): Authority | null =>
    source === undefined ? null : authorityOf(name, source, config, deps, issuers)
  const common = make('', config)
  const [rsa, ec] = [make('rsa', config.rsa), make('ec', config.ec)]
  if (rsa === null && ec === null) return { authority: common, issuers }
  const byType = { rsa: rsa ?? common, ec: ec ?? common }
  const names = [byType.rsa, byType.ec].map((one) => one?.name ?? 'none').join(' and ')
  return { authority: authorityByKeyType(names, byType), issuers }
}

/** `name`: rsa or ec; '': for every type. */
function authorityOf(
  name: string,
  source: AuthoritySource,
  config: CertificateAuthorityConfig,
  deps: AuthorityDeps,
  issuers: LocalIssuer[],
): Authority | null {
  try {
    if (source.local !== undefined) {
      const local = localIssuer(name === '' ? 'local' : name, source.local, deps)
      issuers.push(local)
      return localAuthority(local, deps)
    }
    return remoteAuthority(name, source, config.minimumLifetime, deps)
  } catch (cause) {
    const { place: root = 'certificateAuthority' } = deps
    const place = name === '' ? root : `${root}.${name}`
    throw new ProxyError('authority_unusable', 'operator', `${place}: ${messageOf(cause)}`, { cause })
  }
}

/** Reads an issuer and its roots. Throws ProxyError. */
export function localIssuer(
  name: string,
  settings: LocalSection,
  { readFile = readFileBounded }: Pick<AuthorityDeps, 'readFile'>,
): LocalIssuer {
  const issuer = readIssuer(readFile, settings)
  const top = [issuer.certificate, ...issuer.chain].slice(-1)
  const roots = settings.roots === undefined ? top : readCertificates(readFile, settings.roots)
  return { name, issuer, roots, settings }
}

function localAuthority(
  { name, issuer, roots, settings }: LocalIssuer,
  { index, now }: AuthorityDeps,
): Authority {
  const { lifetime, rsaPadding, extendedKeyUsage, crlUrl = null, ocspUrl = null } = settings
  return createLocalAuthority({
    ...{ name, issuer, roots, rsaPadding, index, now },
    lifetimeMs: lifetime,
    ...(extendedKeyUsage ? {} : { extendedKeyUsage: [] }),
    extensions: statusPointers({ crl: crlUrl, ocsp: ocspUrl }),
  })
}

function remoteAuthority(
  name: string,
  { est, http }: AuthoritySource,
  minimumLifetimeMs: number,
  { now, check, readFile = readFileBounded }: AuthorityDeps,
): Authority | null {
  const common = (remote: NonNullable<typeof est | typeof http>) => ({
    roots: readCertificates(readFile, remote.roots),
    tls: remoteTls(remote, readFile),
    timeoutMs: remote.timeout,
    ...{ url: remote.url, minimumLifetimeMs, now },
    ...(check === undefined ? {} : { check }),
  })
  const named = (kind: string): string => (name === '' ? kind : `${name}-${kind}`)
  if (est !== undefined) {
    const { username, password, reenroll } = est
    const basic = username === undefined || password === null ? null : async () => ({ username, password })
    return createEstAuthority({ ...common(est), name: named('est'), basic, reenroll })
  }
  if (http === undefined) return null
  const { headers, token } = http
  const secrets = token === null ? {} : { token: async () => token }
  return createHttpAuthority({ ...common(http), name: named('http'), headers, secrets })
}

type RemoteFiles = Pick<NonNullable<AuthoritySource['est']>, 'ca' | 'certificate' | 'key' | 'passphrase'>

/** How a server elsewhere is reached, its files read. Throws ProxyError `authority_unreadable`. */
export function remoteTls({ ca, certificate, key, passphrase }: RemoteFiles, readFile: ReadFile): RemoteTls {
  const roots = ca === undefined ? null : readCertificates(readFile, ca).map((root) => root.toString())
  if (certificate === undefined || key === undefined) return { ca: roots, client: null }
  const client = {
    certificate: readText(readFile, certificate),
    key: readText(readFile, key),
    ...(passphrase === null ? {} : { passphrase }),
  }
  try {
    // What would be said at the first request: a key of another certificate, a wrong passphrase, no PEM.
    createSecureContext({ ...client, cert: client.certificate })
  } catch (cause) {
    const message = `${certificate} and ${key} are no pair that can be used: ${messageOf(cause)}`
    throw new ProxyError('authority_unreadable', 'operator', message, { cause })
  }
  return { ca: roots, client }
}
