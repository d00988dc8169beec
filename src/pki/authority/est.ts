import type { X509Certificate } from 'node:crypto'
import { ProxyError } from '../../policy/error.ts'
import { type Authority, AuthorityError, type AuthorityRequest } from './authority.ts'
import { readCertsOnly } from './certs-only.ts'
import { callRemote, failureOf, type RemoteAnswer, type RemoteTls } from './https-call.ts'
import { acceptReturned, type ReturnedChainPolicy } from './returned-chain.ts'

export interface EstAuthorityOptions extends ReturnedChainPolicy {
  readonly name: string
  /** https, up to and with the label where there is one: https://ca.example.com/.well-known/est/chargers */
  readonly url: string
  readonly tls: RemoteTls
  /** HTTP Basic (RFC 7030 3.2.3); asked for at every request, so that a changed file is seen. null: none. */
  readonly basic: (() => Promise<{ readonly username: string; readonly password: string }>) | null
  /**
   * Renewals by simplereenroll. Many servers want the old certificate of the charge point itself as the TLS client
   * certificate then (RFC 7030 3.3.2), which nobody but the charge point has.
   */
  readonly reenroll: boolean
  readonly timeoutMs: number
  readonly now: () => number
}

/** EST (RFC 7030) as a registration authority: the proxy asks for its charge points (A00.FR.703). */
export interface EstAuthority extends Authority {
  /** What /cacerts returns. Rejects with AuthorityError. */
  caCertificates(signal: AbortSignal): Promise<readonly X509Certificate[]>
}

/** Throws ProxyError `authority_url` when it is not https. */
export function createEstAuthority(options: EstAuthorityOptions): EstAuthority {
  const { name, roots } = options
  if (!options.url.startsWith('https://'))
    throw new ProxyError(
      'authority_url',
      'operator',
      `authority ${name}: EST is spoken over https only (RFC 7030 3.3)`,
    )
  const caCertificates = async (signal: AbortSignal): Promise<readonly X509Certificate[]> =>
    certificatesOf(options, await call(options, 'cacerts', null, signal))
  return {
    name,
    roots: () => roots,
    caCertificates,
    async issue(request, signal) {
      const operation = request.isRenewal && options.reenroll ? 'simplereenroll' : 'simpleenroll'
      const body = Buffer.from(base64Lines(request.csr.der))
      const returned = certificatesOf(options, await call(options, operation, body, signal))
      const others = isWhole(returned, roots) ? [] : await caCertificates(signal)
      return accept(options, request, [...returned, ...others])
    },
  }
}

function accept(
  options: EstAuthorityOptions,
  request: AuthorityRequest,
  certificates: readonly X509Certificate[],
): ReturnType<typeof acceptReturned> {
  return acceptReturned(options.name, certificates, request, options, options.now())
}

/** RFC 7030 4.2.3: the answer may be the leaf alone; what is between it and the root is then had from /cacerts. */
function isWhole(returned: readonly X509Certificate[], roots: readonly X509Certificate[]): boolean {
  const known = [...returned, ...roots]
  return returned.every((one) => known.some((other) => one.checkIssued(other)))
}

async function call(
  options: EstAuthorityOptions,
  operation: 'cacerts' | 'simpleenroll' | 'simplereenroll',
  body: Buffer | null,
  signal: AbortSignal,
): Promise<RemoteAnswer> {
  const { name, tls, timeoutMs, now } = options
  const headers: Record<string, string> = { accept: 'application/pkcs7-mime' }
  if (body !== null) {
    headers['content-type'] = 'application/pkcs10'
    headers['content-transfer-encoding'] = 'base64'
  }
  // RFC 7030 4.1.2: cacerts asks for no authentication, and a password is not sent where it is not needed.
  if (body !== null && options.basic !== null) headers.authorization = await authorizationOf(options)
  const url = new URL(`${options.url.replace(/\/+$/, '')}/${operation}`)
  const method = body === null ? 'GET' : 'POST'
  const answer = await callRemote({ url, method, headers, body, tls, timeoutMs, signal })
  if (answer.status !== 200) throw failureOf(name, answer, now())
  return answer
}

async function authorizationOf({ name, basic }: EstAuthorityOptions): Promise<string> {
  try {
    const { username, password } = (await basic?.()) ?? { username: '', password: '' }
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  } catch (cause) {
    throw new AuthorityError('unavailable', `the password for authority ${name} cannot be read`, { cause })
  }
}

/** Something that is no PKCS #7 is most likely a proxy's page on the way: it may pass. */
function certificatesOf({ name }: EstAuthorityOptions, answer: RemoteAnswer): readonly X509Certificate[] {
  const certificates = readCertsOnly(answer.body)
  if (certificates !== null && certificates.length > 0) return certificates
  throw new AuthorityError(
    'unavailable',
    `authority ${name} answered something that is no list of certificates`,
  )
}

function base64Lines(der: Buffer): string {
  return (der.toString('base64').match(/.{1,64}/g) ?? []).map((line) => `${line}\r\n`).join('')
}
