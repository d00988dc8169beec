import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IssuedServerCertificate, ServerCertificateConfig, TlsConfig } from '../config/schema.ts'
import type { TrustLists } from '../pki/chain.ts'
import { splitPem } from '../pki/pem.ts'
import { type ServerCertificate, serverCertificateFromPkcs12 } from '../pki/server-certificate.ts'
import { messageOf, ProxyError } from '../policy/error.ts'

/** A server certificate and its key, whatever form it came in. */
export interface ServerMaterial extends ServerCertificate {
  readonly passphrase?: string
  /** Set where the proxy issued it: under this name the present one is had (IssuedCertificates). */
  readonly issuedAs?: string
}

/** What one listener's TLS is made of, read; a context is made from it whole, or not at all. */
export interface TlsMaterial {
  readonly certificates: readonly ServerMaterial[]
  readonly trust: TrustLists | null
  /** PEM of all trusted certificates, CPO and factory. */
  readonly ca: readonly string[]
}

/** Gives the certificates of an `issue` entry, one for each kind of key. */
export type IssueCertificates = (wanted: IssuedServerCertificate) => Promise<readonly ServerMaterial[]>

/**
 * Reads every file that a listener's TLS needs, and has issued what is to be issued. Throws ProxyError
 * `tls_material` with all problems.
 */
export async function loadTlsMaterial(
  config: TlsConfig,
  issue: IssueCertificates = withoutAuthority,
): Promise<TlsMaterial> {
  const problems: string[] = []
  const read: Read = async (path) => {
    try {
      return await readFile(path)
    } catch (error) {
      problems.push(messageOf(error))
      return null
    }
  }
  const certificates = await Promise.all(
    config.certificates.map((one) => loadServerCertificate(one, read, issue, problems)),
  )
  const trusted = async (paths: readonly string[]) => {
    const texts = await Promise.all(paths.map(read))
    return texts.flatMap((text, index) =>
      text === null ? [] : parseTrust(text.toString(), paths[index] ?? '', problems),
    )
  }
  const cpo = await trusted(config.clientCertificates?.trust ?? [])
  const factory = await trusted(config.clientCertificates?.factory ?? [])
  if (problems.length > 0) throw new ProxyError('tls_material', 'operator', problems.join('; '))
  return {
    certificates: certificates.flat(),
    trust: config.clientCertificates === undefined ? null : { cpo, factory },
    ca: [...cpo, ...factory].map((certificate) => certificate.toString()),
  }
}

/** null: it could not be read, which is among the problems. */
type Read = (path: string) => Promise<Buffer | null>

/** What cannot be had is among the problems then, and the result is not used. */
async function loadServerCertificate(
  one: ServerCertificateConfig,
  read: Read,
  issue: IssueCertificates,
  problems: string[],
): Promise<readonly ServerMaterial[]> {
  if ('issue' in one) {
    try {
      return await issue(one)
    } catch (error) {
      problems.push(messageOf(error))
      return []
    }
  }
  if ('pkcs12' in one) {
    const bundle = await read(one.pkcs12)
    if (bundle === null) return []
    try {
      return [serverCertificateFromPkcs12(bundle, one.passphrase)]
    } catch (error) {
      problems.push(`${one.pkcs12}: ${messageOf(error)}`)
      return []
    }
  }
  const [certificate, key] = await Promise.all([read(one.certificate), read(one.key)])
  if (certificate === null || key === null) return []
  const { passphrase } = one
  return [
    {
      certificate: certificate.toString(),
      key: key.toString(),
      ...(passphrase === undefined ? {} : { passphrase }),
    },
  ]
}

async function withoutAuthority(): Promise<never> {
  throw new ProxyError('tls_material', 'operator', 'there is no local authority to issue server certificates')
}

function parseTrust(text: string, path: string, problems: string[]): X509Certificate[] {
  try {
    const certificates = splitPem(text).map((pem) => new X509Certificate(pem))
    if (certificates.length === 0) problems.push(`${path}: holds no certificate`)
    return certificates
  } catch (error) {
    problems.push(`${path}: ${messageOf(error)}`)
    return []
  }
}
