const begin = '-----BEGIN X509 CRL-----'
const end = '-----END X509 CRL-----'

/**
 * The DER of a CRL that came as PEM or DER. null: PEM with no CRL, or with several, of which the rest
 * would go unread. DER begins with the tag of a SEQUENCE, which is the digit 0 in PEM, and no PEM
 * text that anybody writes begins with it.
 */
export function pemOrDer(input: Buffer): Buffer | null {
  if (input[0] === 0x30) return input
  const text = input.toString('latin1')
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from || text.indexOf(begin, from + 1) >= 0) return null
  return Buffer.from(text.slice(from + begin.length, to), 'base64')
}
