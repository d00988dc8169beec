import type { X509Certificate } from 'node:crypto'
import { type LocalIssuer, prepareAuthorities } from '../../app/authorities.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../../config/problem.ts'
import type { AuthoritySource } from '../../config/schema.ts'
import { certificateFacts } from '../../pki/certificate.ts'
import { messageOf } from '../../policy/error.ts'
import { dateText, endsSoon, readCertificates } from './certificate-file.ts'
import type { CheckContext } from './context.ts'

const root = ['certificateAuthority'] as const

/** Can the authorities be used, who may read their keys, and would the gate take what they issue? */
export function checkCertificateAuthority(context: CheckContext): KeyFinding[] {
  const { certificateAuthority: section } = context.config
  if (section === undefined) return []
  const modes = keyModes(context, section, root)
  for (const type of ['rsa', 'ec'] as const) {
    const source = section[type]
    if (source !== undefined) modes.push(...keyModes(context, source, [...root, type]))
  }
  try {
    // Nothing is issued here: the index is never asked.
    const index = { record: unused, find: unused, revoked: unused }
    const { now, readFile } = context
    const { authority, issuers } = prepareAuthorities(section, { index, now: () => now, readFile })
    const life = issuers.flatMap((one) => checkLife(context, one))
    return [...modes, ...life, ...checkTrust(context, authority?.roots() ?? [])]
  } catch (error) {
    return [...modes, problem(root, messageOf(error), ['A00.FR.601', 'A00.FR.703'])]
  }
}

const unused = () => Promise.reject(new Error('nothing is issued by a check'))

/** A00.FR.602: whoever reads the key of an authority can make charge points. */
function keyModes(context: CheckContext, { local, est, http }: AuthoritySource, path: KeyPath): KeyFinding[] {
  const files: readonly (readonly [KeyPath, string | undefined])[] = [
    [[...path, 'local', 'key'], local?.key],
    [[...path, 'local', 'pkcs12'], local?.pkcs12],
    [[...path, 'est', 'key'], est?.key],
    [[...path, 'http', 'key'], http?.key],
  ]
  return files.flatMap(([key, file]) => {
    const facts = file === undefined ? null : context.stat(file)
    if (facts === null || (facts.mode & 0o007) === 0) return []
    const mode = (facts.mode & 0o777).toString(8).padStart(4, '0')
    const text = `every user of the machine can reach the key in ${file} (mode ${mode}); chmod 600 it`
    return [problem(key, text, ['A00.FR.602'])]
  })
}

function checkLife({ now }: CheckContext, { name, issuer, settings }: LocalIssuer): KeyFinding[] {
  const facts = certificateFacts(issuer.certificate)
  const path = name === 'local' ? [...root, 'local'] : [...root, name, 'local']
  if (now > facts.notAfter)
    return [problem(path, `the certificate of the authority expired on ${dateText(facts.notAfter)}`)]
  if (endsSoon(facts, now))
    return [warning(path, `the certificate of the authority expires soon, on ${dateText(facts.notAfter)}`)]
  return now + settings.lifetime > facts.notAfter
    ? [
        warning(
          [...path, 'lifetime'],
          `is cut: the authority itself ends on ${dateText(facts.notAfter)}, and no certificate outlives it`,
        ),
      ]
    : []
}

/** Who gets a certificate that no listener takes is locked out with it (A00.FR.403). */
function checkTrust(context: CheckContext, roots: readonly X509Certificate[]): KeyFinding[] {
  const listeners = context.config.listeners.filter(({ tls }) => tls?.clientCertificates !== undefined)
  if (listeners.length === 0) {
    return [warning(root, 'no listener of security profile 3 is there for the certificates that it issues')]
  }
  return listeners.flatMap(({ name, tls }) => {
    const trusted = (tls?.clientCertificates?.trust ?? []).flatMap((file) => {
      const read = readCertificates(context, file)
      return read.ok ? read.value.map(({ facts }) => facts.fingerprint) : []
    })
    return roots
      .map((one) => certificateFacts(one))
      .filter(({ fingerprint }) => !trusted.includes(fingerprint))
      .map(({ subject }) =>
        warning(
          root,
          `its root ${subject} is not trusted by listener ${name}: nothing below it is handed on there`,
          ['A00.FR.403'],
        ),
      )
  })
}
