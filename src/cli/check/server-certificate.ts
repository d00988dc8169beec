import { type KeyFinding, type KeyPath, problem, quote, warning } from '../../config/problem.ts'
import { isHostName } from '../../config/values.ts'
import { describeKey, isStrongEnough, isStrongSignature } from '../../policy/key-strength.ts'
import { dateText, endsSoon, type ReadCertificate } from './certificate-file.ts'

/** What `check` says about a server certificate and those above it; `path`: where they are named. */
export function checkServerChain(
  chain: readonly ReadCertificate[],
  path: KeyPath,
  names: readonly string[] | undefined,
  now: number,
): KeyFinding[] {
  const [leaf] = chain
  if (leaf === undefined) return []
  return [
    ...chain.flatMap((one, index) => checkOne(one, index, path, now)),
    ...chainOrder(chain, path),
    ...commonName(leaf, path, names),
    ...keyUsage(leaf, path),
  ]
}

/** What holds for every certificate of the chain: dates, key, signature. */
function checkOne({ facts }: ReadCertificate, index: number, path: KeyPath, now: number): KeyFinding[] {
  const who = index === 0 ? '' : `intermediate ${facts.subject}: `
  const found: KeyFinding[] = []
  if (now > facts.notAfter)
    found.push(problem(path, `${who}expired on ${dateText(facts.notAfter)}`, ['A00.FR.410']))
  else if (now < facts.notBefore) {
    found.push(problem(path, `${who}not valid before ${dateText(facts.notBefore)}`, ['A00.FR.410']))
  } else if (endsSoon(facts, now))
    found.push(warning(path, `${who}expires soon, on ${dateText(facts.notAfter)}`))
  if (!isStrongEnough(facts.key)) {
    const ids = ['A00.FR.501', 'A00.FR.502', 'A00.FR.503']
    found.push(problem(path, `${who}${describeKey(facts.key)} has less than 112 bits of strength`, ids))
  }
  // Nobody verifies a root's own signature.
  if (!facts.selfIssued && !isStrongSignature(facts)) {
    const ids = ['A00.FR.504', 'A00.FR.506']
    found.push(problem(path, `${who}is signed with ${facts.signatureHash}; SHA-256 or better is needed`, ids))
  }
  return found
}

/** RFC 5246 7.4.2: the server's own first, then each its issuer. */
function chainOrder(chain: readonly ReadCertificate[], path: KeyPath): KeyFinding[] {
  const found: KeyFinding[] = []
  const [leaf] = chain
  if (leaf?.facts.isCa)
    found.push(
      problem(path, 'the first certificate is that of an authority; the server certificate must come first'),
    )
  for (const [index, one] of chain.slice(0, -1).entries()) {
    const next = chain[index + 1]
    if (next && !issuedBy(one, next)) {
      found.push(
        problem(
          path,
          `certificate ${index + 2} of the file did not issue certificate ${index + 1}; each must be followed by its issuer`,
        ),
      )
    }
  }
  const last = chain.at(-1)
  if (chain.length > 1 && last?.facts.selfIssued) {
    found.push(
      warning(
        path,
        'the file ends with the root, which charge points must have anyway; it costs bytes in each handshake',
      ),
    )
  }
  return found
}

function issuedBy(one: ReadCertificate, issuer: ReadCertificate): boolean {
  try {
    return one.x509.checkIssued(issuer.x509) && one.x509.verify(issuer.x509.publicKey)
  } catch {
    return false
  }
}

/** A00.FR.510: the CN is the FQDN by which charge points connect; no wildcards. */
function commonName(
  { x509, facts }: ReadCertificate,
  path: KeyPath,
  names: readonly string[] | undefined,
): KeyFinding[] {
  const ids = ['A00.FR.510']
  const [name, ...more] = facts.commonNames
  if (name === undefined || more.length > 0) {
    return [
      problem(
        path,
        `has ${facts.commonNames.length} common names; it needs one, the FQDN of this listener`,
        ids,
      ),
    ]
  }
  if (name.includes('*'))
    return [problem(path, `its common name ${quote(name)} is a wildcard; it must be the FQDN`, ids)]
  const wanted = names?.map((one) => one.toLowerCase())
  if (wanted && !wanted.includes(name.toLowerCase())) {
    return [problem(path, `its common name ${quote(name)} is none of tls.names (${names?.join(', ')})`, ids)]
  }
  if (!wanted && !isFqdn(name)) {
    return [
      warning(
        path,
        `its common name ${quote(name)} is no FQDN; set tls.names to the names that charge points use`,
        ids,
      ),
    ]
  }
  return isHostName(name) && x509.checkHost(name) === undefined
    ? [
        warning(
          path,
          `its subjectAltName does not hold ${quote(name)}; stacks that follow RFC 6125 look there first`,
          ids,
        ),
      ]
    : []
}

function isFqdn(name: string): boolean {
  return isHostName(name) && name.includes('.') && /[A-Za-z]/.test(name.split('.').at(-1) ?? '')
}

const serverAuth = '1.3.6.1.5.5.7.3.1'
const anyExtendedKeyUsage = '2.5.29.37.0'

/** A00.FR.512: key usage, where it is present, must allow TLS servers; RSA key exchange encrypts. */
function keyUsage({ facts }: ReadCertificate, path: KeyPath): KeyFinding[] {
  const found: KeyFinding[] = []
  const { extendedKeyUsage, keyUsage: usage } = facts
  if (
    extendedKeyUsage &&
    !extendedKeyUsage.includes(serverAuth) &&
    !extendedKeyUsage.includes(anyExtendedKeyUsage)
  ) {
    found.push(
      problem(path, 'its extended key usage does not allow TLS servers (serverAuth)', ['A00.FR.512']),
    )
  }
  if (usage && !usage.includes('digitalSignature')) {
    found.push(problem(path, 'its key usage does not allow signatures (digitalSignature)', ['A00.FR.512']))
  }
  if (usage && facts.key.type === 'rsa' && !usage.includes('keyEncipherment')) {
    found.push(
      warning(path, 'its key usage lacks keyEncipherment: charge points may refuse the RSA suites', [
        'A00.FR.317',
        'A00.FR.512',
      ]),
    )
  }
  return found
}
