import { isIP } from 'node:net'
import { familyOf } from '../../policy/key-types.ts'
import type { LoadedFile } from '../convert.ts'
import { type KeyFinding, type KeyPath, problem, quote, warning } from '../problem.ts'
import { isHostName } from '../values.ts'

type Tls = NonNullable<LoadedFile['listeners'][number]['tls']>
type Entry = Tls['certificates'][number]

/** Below this, whose clock is wrong by minutes cannot connect, and sessions are seldom resumed. */
const shortLifetimeMs = 3_600_000
/** RFC 5280, upper bound of commonName. */
const maxCommonName = 64

/** A server certificate is one of three things, whole, and with nothing of the others. */
export function serverCertificateForms(file: LoadedFile): KeyFinding[] {
  return eachEntry(file, (entry, path) => {
    const forms = [
      ...(entry.certificate !== undefined || entry.key !== undefined ? ['certificate'] : []),
      ...(['pkcs12', 'issue'] as const).filter((key) => entry[key] !== undefined),
    ]
    if (forms.length !== 1) {
      const text = 'must be one of { certificate, key }, { pkcs12, passphraseFile } and { issue: local }'
      return [problem(path, text, ['A00.FR.306', 'A00.FR.410'])]
    }
    return [...missingKeys(entry, path), ...keysOfOthers(entry, path)]
  })
}

function missingKeys(entry: Entry, path: KeyPath): KeyFinding[] {
  const missing = (key: string, what: string): KeyFinding[] => [
    problem([...path, key], `is missing: ${what}`, ['A00.FR.306', 'A00.FR.410']),
  ]
  if (entry.issue !== undefined) return []
  if (entry.pkcs12 !== undefined) {
    return entry.passphraseFile === undefined
      ? missing('passphraseFile', 'file with the passphrase of the PKCS #12 file')
      : []
  }
  if (entry.certificate === undefined) return missing('certificate', 'PEM file of the server certificate')
  return entry.key === undefined ? missing('key', 'PEM file of the private key') : []
}

function keysOfOthers(entry: Entry, path: KeyPath): KeyFinding[] {
  const wrong =
    entry.issue === undefined ? (['names', 'lifetime', 'keyTypes'] as const) : (['passphraseFile'] as const)
  const text =
    entry.issue === undefined ? 'goes with issue: local only' : 'has no effect: issued keys are never on disk'
  return wrong.filter((key) => entry[key] !== undefined).map((key) => problem([...path, key], text))
}

/** A00.FR.510, 701: what the proxy is to issue to itself can be issued, and charge points can use it. */
export function issuedServerCertificates(file: LoadedFile): KeyFinding[] {
  return eachEntry(file, (entry, path, tls) => {
    if (entry.issue === undefined) return []
    const found: KeyFinding[] = []
    const [first] = entry.names ?? tls.names ?? []
    if (first === undefined) {
      const text = 'is missing: the host names of the certificate, here or in names of the tls section'
      found.push(problem([...path, 'names'], text, ['A00.FR.510']))
    } else if (
      tls.names !== undefined &&
      !tls.names.some((name) => name.toLowerCase() === first.toLowerCase())
    ) {
      const text = `the first name is the CN, and ${quote(first)} is none of tls.names (${tls.names.join(', ')})`
      found.push(problem([...path, 'names'], text, ['A00.FR.510']))
    } else if (first.length > maxCommonName) {
      const text = `the first name is the CN, which holds ${maxCommonName} characters; put a shorter one first`
      found.push(problem([...path, 'names'], text, ['A00.FR.510']))
    }
    if (file.cpo.names.length === 0) {
      const text = 'issued certificates carry the name of the operator (organizationName); set cpo.names'
      found.push(problem([...path, 'issue'], text, ['A00.FR.509']))
    }
    const authorities = [
      file.certificateAuthority,
      file.certificateAuthority?.rsa,
      file.certificateAuthority?.ec,
    ]
    if (!authorities.some((one) => one?.local !== undefined)) {
      const text = 'needs an authority in the proxy; set certificateAuthority.local'
      found.push(problem([...path, 'issue'], text, ['A00.FR.601']))
    }
    const families = (entry.keyTypes ?? []).map(familyOf)
    if (new Set(families).size < families.length) {
      const text = 'a listener shows one RSA and one ECDSA certificate; name one key of each kind'
      found.push(problem([...path, 'keyTypes'], text, ['A00.FR.317']))
    }
    if (entry.lifetime !== undefined && entry.lifetime < shortLifetimeMs) {
      const text = 'is less than an hour: charge points whose clock is wrong may refuse the certificate'
      found.push(warning([...path, 'lifetime'], text, ['A00.FR.701']))
    }
    return found
  })
}

/** A00.FR.510: the names are those of URLs, without wildcards. */
export function serverNames(file: LoadedFile): KeyFinding[] {
  return file.listeners.flatMap(({ tls }, index) => {
    if (tls === undefined) return []
    const path = ['listeners', index, 'tls']
    const issued = tls.certificates.flatMap((entry, at) =>
      namesProblems(entry.names ?? [], [...path, 'certificates', at, 'names']),
    )
    return [...namesProblems(tls.names ?? [], [...path, 'names']), ...issued]
  })
}

function namesProblems(names: readonly string[], path: KeyPath): KeyFinding[] {
  return names.flatMap((name, index) => {
    const where = [...path, index]
    if (isIP(name) !== 0)
      return [warning(where, 'is an IP address; charge points expect a host name (FQDN)', ['A00.FR.510'])]
    if (name.includes('*'))
      return [problem(where, 'wildcards are not allowed; write each host name out', ['A00.FR.510'])]
    return isHostName(name)
      ? []
      : [problem(where, 'must be a host name alone, without scheme, port or path', ['A00.FR.510'])]
  })
}

function eachEntry(
  file: LoadedFile,
  rule: (entry: Entry, path: KeyPath, tls: Tls) => KeyFinding[],
): KeyFinding[] {
  return file.listeners.flatMap(({ tls }, index) =>
    (tls?.certificates ?? []).flatMap((entry, at) =>
      tls === undefined ? [] : rule(entry, ['listeners', index, 'tls', 'certificates', at], tls),
    ),
  )
}
