import type { CentralSystemConfig } from '../config/schema.ts'

/** What templates of headers and user names may speak of. */
export interface TemplateValues {
  readonly identity: string
  readonly serialNumber: string | null
  readonly profile: number
  /** PEM of the client certificate, where there is one. */
  readonly certificate: string | null
  readonly remoteAddress: string
  readonly listener: string
}

export interface RequestOrigin {
  /** TLS was spoken with the charge point. */
  readonly secure: boolean
  /** Server name that it asked for; '' without one. */
  readonly host: string
  readonly userAgent: string | undefined
}

type Header = readonly [name: string, value: string]

/**
 * Header fields for the central system. Nothing that the charge point sent goes on but its User-Agent: a
 * header that a central system trusts because a proxy sets it must not come from outside.
 */
export function upstreamHeaders(
  config: Pick<CentralSystemConfig, 'preset' | 'headers'>,
  values: TemplateValues,
  origin: RequestOrigin,
  authorization: string | null,
): readonly Header[] {
  const headers = new Map<string, Header>()
  const set = (name: string, value: string) => headers.set(name.toLowerCase(), [name, value])
  const proto = origin.secure ? 'https' : 'http'
  set('X-Forwarded-For', values.remoteAddress)
  set('X-Forwarded-Proto', proto)
  if (origin.host !== '') set('X-Forwarded-Host', headerSafe(origin.host))
  set('Forwarded', `for=${forwardedNode(values.remoteAddress)};proto=${proto}`)
  if (origin.userAgent !== undefined) set('User-Agent', headerSafe(origin.userAgent))
  for (const [name, value] of presetHeaders(config.preset, values)) set(name, value)
  for (const [name, template] of Object.entries(config.headers)) {
    const value = fillTemplate(template, values)
    // A template whose only value is absent says nothing: no empty header.
    if (value === '') headers.delete(name.toLowerCase())
    else set(name, value)
  }
  if (authorization !== null) set('Authorization', authorization)
  return [...headers.values()]
}

/**
 * SteVe takes the protocol and the certificate from headers whose names its operator chooses
 * (`protocol-header-from-proxy`, `client-cert-header-from-proxy`): X-Forwarded-Proto, which is
 * always sent, and this one, percent-encoded as SteVe decodes it.
 */
function presetHeaders(preset: CentralSystemConfig['preset'], values: TemplateValues): readonly Header[] {
  switch (preset) {
    case 'generic':
      return []
    case 'steve':
      return values.certificate === null ? [] : [['X-Client-Cert', encodeURIComponent(values.certificate)]]
    default:
      return preset satisfies never
  }
}

/** Replaces the placeholders; values that are absent become empty, and none can break out of its header. */
export function fillTemplate(template: string, values: TemplateValues): string {
  const filled = template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    switch (name) {
      case 'identity':
        return values.identity
      case 'serialNumber':
        return values.serialNumber ?? ''
      case 'profile':
        return String(values.profile)
      case 'certificate':
        return values.certificate === null ? '' : encodeURIComponent(values.certificate)
      case 'remoteAddress':
        return values.remoteAddress
      case 'listener':
        return values.listener
      default:
        return whole
    }
  })
  return headerSafe(filled)
}

/** RFC 9110 5.5: what is not visible ASCII or a space is percent-encoded. */
function headerSafe(value: string): string {
  return value.replace(/[^\x20-\x7e]/gu, (character) => {
    try {
      return encodeURIComponent(character)
    } catch {
      return ''
    }
  })
}

/** RFC 7239 6: an IPv6 address stands in brackets and quotes. */
function forwardedNode(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address
}

/** The value of an Authorization header (RFC 7617), from bytes. */
export function basicAuthorization(username: string, password: Buffer): string {
  return `Basic ${Buffer.concat([Buffer.from(`${username}:`), password]).toString('base64')}`
}
