import type { PasswordForm } from '../policy/facts.ts'

/** The key of a charge point (AuthorizationKey), and how it is put into the Basic header. */
export interface Password {
  readonly bytes: Uint8Array
  readonly form: PasswordForm
}

/** AuthorizationKey in the form of ChangeConfiguration: 16 to 20 bytes as 32 to 40 hex digits (A00.FR.205). */
export function keyFromHex(hex: string): Uint8Array | null {
  return /^(?:[0-9a-f]{2}){16,20}$/i.test(hex) ? Buffer.from(hex, 'hex') : null
}

/**
 * The password in a file. Hex digits of 16 to 20 bytes are a key, unless `form` is text; everything else is
 * taken as it stands. A line end after text is not part of it; binary content is never touched.
 */
export function passwordFromFile(content: Uint8Array, form?: PasswordForm): Password {
  const bytes = Buffer.from(content)
  const printable = bytes.every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x0d)
  const text = printable ? Buffer.from(bytes.toString('latin1').replace(/\r?\n$/, ''), 'latin1') : bytes
  if (form === 'text') return { bytes: text, form }
  const key = keyFromHex(text.toString('latin1'))
  return key === null ? { bytes: text, form: form ?? 'text' } : { bytes: key, form: form ?? 'raw' }
}

/** The bytes that stand after the colon of the Basic header. */
export function passwordBytes({ bytes, form }: Password): Uint8Array {
  switch (form) {
    case 'raw':
    case 'text':
      return bytes
    case 'hex-lower':
      return Buffer.from(Buffer.from(bytes).toString('hex'))
    case 'hex-upper':
      return Buffer.from(Buffer.from(bytes).toString('hex').toUpperCase())
  }
}

/** RFC 7617, byte-wise: keys are random bytes and rarely valid UTF-8. */
export function basicAuthorization(username: string, password: Password): string {
  const userPass = Buffer.concat([Buffer.from(`${username}:`), passwordBytes(password)])
  return `Basic ${userPass.toString('base64')}`
}
