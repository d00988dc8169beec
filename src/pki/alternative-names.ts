import { readExtensionList } from './certificate-fields.ts'
import { childrenOf, contentOf, type DerElement, derTag, expectTag, readElement } from './der.ts'
import { extensionOid } from './oids.ts'

/** Names beyond these are counted as one. */
const maxNames = 16
const maxNameLength = 80

/** RFC 5280 4.2.1.6: the choices of a GeneralName that are text. */
const textKinds: Readonly<Record<number, string>> = { 1: 'email', 2: 'DNS', 6: 'URI' }
const ipAddress = 7

/**
 * The subjectAltName among some extensions, as lines for people ("DNS:cp.example.com"); empty when
 * there is none. Throws ProxyError `certificate_unreadable`.
 */
export function alternativeNames(extensions: DerElement): readonly string[] {
  const value = readExtensionList(extensions).get(extensionOid.subjectAltName)?.value
  if (value === undefined) return []
  const names = childrenOf(expectTag(readElement(value), derTag.sequence, 'alternative names'))
  const lines = names.slice(0, maxNames).map(nameText)
  return names.length > maxNames ? [...lines, `${names.length - maxNames} more`] : lines
}

function nameText(name: DerElement): string {
  const kind = name.tag & 0x1f
  if (kind === ipAddress) return `IP:${contentOf(name).subarray(0, 16).toString('hex')}`
  const label = textKinds[kind]
  if (label === undefined) return `other:${kind}`
  const text = contentOf(name).subarray(0, maxNameLength).toString('latin1')
  return `${label}:${text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')}`
}
