import { type KeyFinding, type KeyPath, problem, warning } from '../../config/problem.ts'
import type { TlsConfig } from '../../config/schema.ts'
import { isHttpUrl } from '../../config/values.ts'
import { certificateFields } from '../../pki/certificate-fields.ts'
import { type Crl, crlProblem, isStale, readCrl } from '../../pki/revocation/crl.ts'
import { messageOf } from '../../policy/error.ts'
import { dateText, type ReadCertificate, readCertificates } from './certificate-file.ts'
import type { CheckContext } from './context.ts'

type ClientCertificates = NonNullable<TlsConfig['clientCertificates']>

const requirements = ['A00.FR.704']
/** As at the gate: the clock of an authority may be so far ahead. */
const skewMs = 5 * 60_000

/** CRL files are CRLs, by an authority that is trusted, and not stale. URLs are fetched when the proxy runs. */
export function checkRevocation(
  context: CheckContext,
  { trust, revocation }: ClientCertificates,
  path: KeyPath,
): KeyFinding[] {
  return checkCrlFiles(context, trust, revocation, [...path, 'revocation'])
}

/** The same for another section of the kind; `path` is its own. */
export function checkCrlFiles(
  context: CheckContext,
  trust: readonly string[],
  revocation: Pick<ClientCertificates['revocation'], 'crl' | 'crlBytes' | 'onStaleCrl'>,
  path: KeyPath,
): KeyFinding[] {
  const authorities = trust.flatMap((file) => {
    const read = readCertificates(context, file)
    return read.ok ? read.value : []
  })
  return revocation.crl.flatMap((file, index) => {
    const at = [...path, 'crl', index]
    if (isHttpUrl(file)) return []
    const read = readFile(context, file, revocation.crlBytes)
    if (typeof read === 'string') return [problem(at, read, requirements)]
    const stale = isStale(read, context.now) ? [staleFinding(read, at, revocation.onStaleCrl)] : []
    return [...signatureFindings(read, authorities, at), ...stale]
  })
}

/** The CRL, or what is wrong with it. */
function readFile(context: CheckContext, file: string, maxBytes: number): Crl | string {
  try {
    const read = readCrl(context.readFile(file, maxBytes), { now: context.now, skewMs, maxBytes })
    return read.ok ? read.crl : `the file ${file}: ${read.problem.detail}`
  } catch (error) {
    return `the file ${file} ${messageOf(error)}`
  }
}

function signatureFindings(crl: Crl, authorities: readonly ReadCertificate[], at: KeyPath): KeyFinding[] {
  const issuers = authorities.filter(({ x509 }) => certificateFields(x509).subject.equals(crl.issuer))
  if (issuers.length === 0) {
    const text =
      'is by none of the authorities in trust: right for one below them, whose certificate charge points send, and else of no use'
    return [warning(at, text, requirements)]
  }
  // One of several with the name will do: an authority may have a new key.
  const problems = issuers.map(({ x509 }) => crlProblem(crl, x509))
  const [first] = problems
  return problems.includes(null) || first === null || first === undefined
    ? []
    : [problem(at, `${first.detail}: nobody below ${issuers[0]?.facts.subject} is vouched for`, requirements)]
}

function staleFinding(crl: Crl, at: KeyPath, onStaleCrl: 'refuse' | 'admit'): KeyFinding {
  const text = `is stale since ${dateText(crl.nextUpdate)}`
  return onStaleCrl === 'refuse'
    ? problem(at, `${text}: nobody below its issuer is admitted`, requirements)
    : warning(at, text, requirements)
}
