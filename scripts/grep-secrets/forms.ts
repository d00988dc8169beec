import { createPrivateKey } from 'node:crypto'

export const secretKinds = [
  'password',
  'admin token',
  'webhook secret',
  'pool token',
  'private key',
  'sealing key',
  'upload token',
] as const
export type SecretKind = (typeof secretKinds)[number]

/** A secret as test/support/secrets.ts notes it. */
export interface SecretRecord {
  readonly kind: SecretKind
  /** Base64 of its bytes; of a private key: of its PEM text. */
  readonly value: string
  /** The test file. */
  readonly from: string
}

/** What must not be found, and what to call it. */
export interface Pattern {
  readonly bytes: Buffer
  /** Never the secret itself. */
  readonly what: string
}

/** Shorter ones would be found by chance. */
export const minLength = 8
/** Twenty times the same byte is what empty pages of a file are made of. */
const minDistinct = 5

/** Every way in which a secret may be written. */
export function patternsOf({ kind, value, from }: SecretRecord): readonly Pattern[] {
  const bytes = Buffer.from(value, 'base64')
  const forms = kind === 'private key' ? formsOfPrivateKey(bytes.toString()) : formsOfBytes(bytes)
  return forms
    .filter(([, form]) => form.length >= minLength)
    .map(([name, form]) => ({ bytes: form, what: `${kind} (${name}) of ${from}` }))
}

type Form = readonly [name: string, bytes: Buffer]

function formsOfBytes(bytes: Buffer): readonly Form[] {
  if (bytes.length < minLength || new Set(bytes).size < minDistinct) return []
  return [['as it is', bytes], ...formsOfText(bytes), ...hexOf(bytes), ...base64Of(bytes)]
}

/** Bytes that somebody took for text, escaped or not: a log writes JSON. */
function formsOfText(bytes: Buffer): readonly Form[] {
  const texts = [...new Set([bytes.toString('latin1'), bytes.toString('utf8')])]
  return texts.flatMap((text): Form[] => {
    // What is left of random bytes read as UTF-8 may be next to nothing.
    if (text.replaceAll('\ufffd', '').length < minLength) return []
    return [
      ['as text', Buffer.from(text)],
      ['as text in JSON', Buffer.from(JSON.stringify(text).slice(1, -1))],
      ['as text in a URL', Buffer.from(encodeURIComponent(text.toWellFormed()))],
    ]
  })
}

function hexOf(bytes: Buffer): readonly Form[] {
  const hex = bytes.toString('hex')
  return [
    ['in hexadecimal digits', Buffer.from(hex)],
    ['in hexadecimal digits', Buffer.from(hex.toUpperCase())],
  ]
}

/**
 * Base64 of the bytes with anything before and behind them, as in `identity:password`: there are three
 * ways to begin, and the characters at both ends hold bits of the neighbours.
 */
function base64Of(bytes: Buffer): readonly Form[] {
  return [0, 1, 2].flatMap((before): Form[] => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes])
    const [first, end] = [Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6)]
    return (['base64', 'base64url'] as const).map((encoding) => [
      `in ${encoding}`,
      Buffer.from(whole.toString(encoding).slice(first, end)),
    ])
  })
}

/**
 * The private number in every form, and the line of the PEM text that holds its middle: other lines
 * may be public.
 */
function formsOfPrivateKey(pem: string): readonly Form[] {
  const [, body = ''] = /-----BEGIN [^-]+-----\s+([^-]+?)\s+-----END/.exec(pem) ?? []
  const lines = body.split(/\r?\n/)
  const number = privateNumber(pem)
  // Of a key whose number is not to be had (RSASSA-PSS, small curves) the line behind its public half.
  if (number === null)
    return [['a line of its PEM', Buffer.from(lines[Math.floor(lines.length * 0.6)] ?? '')]]
  const at = Buffer.from(body, 'base64').indexOf(number)
  const character = Math.floor(((at + number.length / 2) * 8) / 6)
  const line = at < 0 ? '' : (lines[Math.floor(character / 64)] ?? '')
  return [['a line of its PEM', Buffer.from(line)], ...formsOfBytes(number)]
}

function privateNumber(pem: string): Buffer | null {
  try {
    return Buffer.from(String(createPrivateKey(pem).export({ format: 'jwk' }).d), 'base64url')
  } catch {
    return null
  }
}
