import { ProxyError } from './error.ts'
import type { IdentityFacts, PasswordForm } from './facts.ts'

/**
 * Basic passwords byte by byte. The key is set as hexadecimal, but the header carries its bytes
 * (A00.FR.205), and the field sends either; most implementations break on bytes that are no UTF-8.
 */

export type BasicResult =
  | { readonly ok: true; readonly password: Buffer }
  | {
      readonly ok: false
      readonly reason: 'credentials_missing' | 'credentials_username'
      readonly detail: string
    }

/** Longest Authorization header that is read, in characters. */
export const maxAuthorizationLength = 8 * 1024

/** Longest key that can be set, in bytes. The standard has 16 to 20; the field is wider. */
export const maxKeyBytes = 255

const colon = 0x3a
/** Colons that are looked at: an identity with more of them is named by its URL only. */
const maxColons = 4

/**
 * Takes the password out of an Authorization header, for this identity only (A00.FR.204). The
 * decoded bytes must begin with the identity and a colon, so that colons in either part and any
 * byte in the password are right. `detail` never holds what was sent. Total: never throws.
 */
export function parseBasicAuthorization(header: string | undefined, identity: IdentityFacts): BasicResult {
  const decoded = decodeBasic(header)
  if (typeof decoded === 'string') return missing(decoded)

  // Servers of the field differ in whether they decode the path, so charge points send either.
  for (const user of [identity.identity, identity.encoded]) {
    const prefix = Buffer.from(`${user}:`)
    if (decoded.subarray(0, prefix.length).equals(prefix)) {
      return { ok: true, password: decoded.subarray(prefix.length) }
    }
  }
  return wrongUser(decoded, identity.identity)
}

/**
 * Who the credentials may be of, shortest first: what stands before each of the first colons. RFC 7617 allows
 * none in a user name, identities may hold them. Empty: there are no credentials that can be read.
 */
export function basicUserNames(header: string | undefined): readonly string[] {
  const decoded = decodeBasic(header)
  const names: string[] = []
  if (typeof decoded === 'string') return names
  for (let end = decoded.indexOf(colon); end >= 0 && names.length < maxColons; ) {
    names.push(decoded.subarray(0, end).toString())
    end = decoded.indexOf(colon, end + 1)
  }
  return names
}

/** The bytes of Basic credentials, or what is wrong with them. */
function decodeBasic(header: string | undefined): Buffer | string {
  if (header === undefined) return 'no Authorization header'
  if (header.length > maxAuthorizationLength) return 'the Authorization header is too long'
  // RFC 9110 11.1 and 11.4: the scheme is case-insensitive, one or more spaces follow.
  const match = /^basic +([A-Za-z0-9+/]+)(={0,2})$/i.exec(header.trim())
  if (match === null) return 'the Authorization header is no HTTP Basic credentials'
  return decodeBase64(match[1] ?? '', match[2] ?? '') ?? 'the Basic credentials are not valid base64'
}

/** RFC 4648 section 4, padding optional; anything but the canonical encoding is refused (3.5). */
function decodeBase64(digits: string, padding: string): Buffer | null {
  if (padding !== '' && (digits.length + padding.length) % 4 !== 0) return null
  const decoded = Buffer.from(digits, 'base64')
  return decoded.toString('base64').replaceAll('=', '') === digits ? decoded : null
}

/** Helps an operator without repeating what was sent: some charge points put the key in front. */
function wrongUser(decoded: Buffer, identity: string): BasicResult {
  const end = decoded.indexOf(colon)
  if (end < 0) return missing('the Basic credentials hold no colon')
  const user = decoded.subarray(0, end).toString()
  let detail = 'the user name is not the identity'
  if (user === '') detail = 'the user name is empty'
  else if (user.toLowerCase() === identity.toLowerCase())
    detail = 'the user name differs from the identity in case'
  return { ok: false, reason: 'credentials_username', detail }
}

function missing(detail: string): BasicResult {
  return { ok: false, reason: 'credentials_missing', detail }
}

/** A key as it is set: its bytes, and whether a person may have chosen them. */
export interface CanonicalKey {
  readonly key: Buffer
  /** True: printable text, to be taken for guessable. False: random bytes. */
  readonly isText: boolean
}

/**
 * The bytes that a set key stands for. Text of 32 to 40 hexadecimal digits is hexadecimal: so do
 * the OCTT and the rule for AuthorizationKey. Throws ProxyError `key_invalid`.
 */
export function canonicalKey(input: { readonly hex: string } | { readonly text: string }): CanonicalKey {
  const hex = 'hex' in input ? input.hex : isHexKey(input.text) ? input.text : null
  if (hex !== null && !/^(?:[0-9A-Fa-f]{2})*$/.test(hex)) {
    throw new ProxyError('key_invalid', 'operator', 'the key is not an even number of hexadecimal digits')
  }
  const key = 'text' in input && hex === null ? Buffer.from(input.text) : Buffer.from(hex ?? '', 'hex')
  if (key.length === 0) throw new ProxyError('key_invalid', 'operator', 'the key is empty')
  if (key.length > maxKeyBytes) {
    throw new ProxyError('key_invalid', 'operator', `the key is over ${maxKeyBytes} bytes`)
  }
  return { key, isText: hex === null || !isHexKey(hex) || isPrintable(key) }
}

/** 16 to 20 bytes, written as hexadecimal digits. */
function isHexKey(text: string): boolean {
  return /^(?:[0-9A-Fa-f]{2}){16,20}$/.test(text)
}

function isPrintable(bytes: Buffer): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)
}

export interface Candidate {
  readonly key: Buffer
  readonly form: PasswordForm
}

/**
 * The keys that a presented password may stand for: its bytes, and what they decode to when they
 * are hexadecimal digits of one case. One stored hash of the canonical key serves every form.
 */
export function candidates(presented: Buffer): readonly Candidate[] {
  const asIs: Candidate = {
    key: presented,
    form: isPrintable(presented) && presented.length > 0 ? 'text' : 'raw',
  }
  if (presented.length < 32 || presented.length > 40) return [asIs]
  const text = presented.toString('latin1')
  if (!isHexKey(text)) return [asIs]
  const form = text === text.toLowerCase() ? 'hex-lower' : text === text.toUpperCase() ? 'hex-upper' : null
  return form === null ? [asIs] : [asIs, { key: Buffer.from(text, 'hex'), form }]
}
