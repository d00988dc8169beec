import { X509Certificate } from 'node:crypto'
import { ProxyError } from '../../policy/error.ts'
import { splitPem } from '../pem.ts'
import { type Authority, AuthorityError, type AuthorityRequest } from './authority.ts'
import { callRemote, failureOf, type RemoteAnswer, type RemoteTls } from './https-call.ts'
import { acceptReturned, type ReturnedChainPolicy } from './returned-chain.ts'

export interface HttpAuthorityOptions extends ReturnedChainPolicy {
  readonly name: string
  readonly url: string
  readonly tls: RemoteTls
  /**
   * By name; values may hold {identity}, {serialNumber} and {organization}, which are percent-encoded,
   * and the names of `secrets`.
   */
  readonly headers: Readonly<Record<string, string>>
  /** Read at every request, so that a token that is changed on disk is seen. */
  readonly secrets: Readonly<Record<string, () => Promise<string>>>
  readonly timeoutMs: number
  readonly now: () => number
}

/**
 * An authority behind a POST: the request in PEM goes there, a chain in PEM comes back (A00.FR.703), as
 * text or in JSON under `certificate_chain`. Throws ProxyError `authority_url` when that is neither
 * http nor https.
 */
export function createHttpAuthority(options: HttpAuthorityOptions): Authority {
  const { name, roots, tls, timeoutMs, now } = options
  const url = urlOf(options)
  return {
    name,
    roots: () => roots,
    async issue(request, signal) {
      const headers = await headersOf(options, request)
      const body = Buffer.from(request.csr.pem)
      const answer = await callRemote({ url, method: 'POST', headers, body, tls, timeoutMs, signal })
      if (answer.status !== 200 && answer.status !== 201) throw failureOf(name, answer, now())
      return acceptReturned(name, certificatesOf(name, answer), request, options, now())
    },
  }
}

function urlOf({ name, url }: HttpAuthorityOptions): URL {
  const parsed = URL.parse(url)
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed
  throw new ProxyError('authority_url', 'operator', `the URL of authority ${name} is neither http nor https`)
}

async function headersOf(
  { name, headers, secrets }: HttpAuthorityOptions,
  request: AuthorityRequest,
): Promise<Record<string, string>> {
  const { identity, serialNumber, organization } = request
  const values = new Map<string, string>()
  // A charge point chose some of these: nothing in them may end a header or begin another.
  for (const [key, value] of Object.entries({ identity, serialNumber, organization }))
    values.set(key, encodeURIComponent(value.toWellFormed()))
  for (const [key, read] of Object.entries(secrets)) values.set(key, await secretOf(name, key, read))
  const filled: Record<string, string> = {
    'content-type': 'application/x-pem-file',
    accept: 'application/x-pem-file, text/plain, application/json',
  }
  for (const [key, template] of Object.entries(headers))
    filled[key.toLowerCase()] = template.replace(
      /\{(\w+)\}/g,
      (whole, field: string) => values.get(field) ?? whole,
    )
  return filled
}

async function secretOf(name: string, key: string, read: () => Promise<string>): Promise<string> {
  try {
    return (await read()).trim()
  } catch (cause) {
    throw new AuthorityError('unavailable', `secret ${key} for authority ${name} cannot be read`, { cause })
  }
}

function certificatesOf(name: string, answer: RemoteAnswer): readonly X509Certificate[] {
  const text = textOf(answer.body.toString('utf8'))
  try {
    const certificates = splitPem(text).map((pem) => new X509Certificate(pem))
    if (certificates.length > 0) return certificates
  } catch {
    // Falls through: unreadable and absent are the same trouble.
  }
  throw new AuthorityError('unavailable', `authority ${name} answered something that is no chain in PEM`)
}

/** The content type is not asked: front ends lie about it, and JSON cannot begin like PEM. */
function textOf(body: string): string {
  if (!body.trimStart().startsWith('{')) return body
  try {
    const parsed: unknown = JSON.parse(body)
    const chain: unknown =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'certificate_chain') : undefined
    if (Array.isArray(chain)) return chain.filter((one) => typeof one === 'string').join('\n')
    return typeof chain === 'string' ? chain : ''
  } catch {
    return ''
  }
}
