import { mandatorySuites } from '../../policy/tls-suites.ts'
import type { LoadedFile } from '../convert.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../problem.ts'
import { isTls13Cipher } from '../schema/ciphers.ts'

type Listener = LoadedFile['listeners'][number]
type Tls = NonNullable<Listener['tls']>

function eachTls(
  file: LoadedFile,
  rule: (tls: Tls, path: KeyPath, listener: Listener) => KeyFinding[],
): KeyFinding[] {
  return file.listeners.flatMap((listener, index) =>
    listener.tls ? rule(listener.tls, ['listeners', index, 'tls'], listener) : [],
  )
}

/** A00.FR.311, 415: TLS on profiles 2 and 3; the other two have none by definition. */
export function tlsByProfile(file: LoadedFile): KeyFinding[] {
  return file.listeners.flatMap((listener, index) => {
    const path = ['listeners', index, 'tls']
    const wanted = listener.securityProfile >= 2
    if (wanted === (listener.tls !== undefined)) return []
    const text = wanted
      ? `is missing: profile ${listener.securityProfile} needs TLS`
      : `profile ${listener.securityProfile} is without TLS; remove the section, or set securityProfile: 2`
    return [{ ...problem(path, text, ['A00.FR.311', 'A00.FR.415']), atKey: true }]
  })
}

/** A00.FR.402, 403: client certificates are what makes profile 3, and belong to no other. */
export function clientCertificatesByProfile(file: LoadedFile): KeyFinding[] {
  return eachTls(file, (tls, path, listener) => {
    const wanted = listener.securityProfile === 3
    if (listener.securityProfile < 2 || wanted === (tls.clientCertificates !== undefined)) return []
    const text = wanted
      ? 'is missing: profile 3 needs the roots that charge point certificates end in'
      : 'is for profile 3 only; remove the section, or set securityProfile: 3'
    return [{ ...problem([...path, 'clientCertificates'], text, ['A00.FR.402', 'A00.FR.403']), atKey: true }]
  })
}

/** A00.FR.404: without the operator's name no organizationName could be right. */
export function operatorName(file: LoadedFile): KeyFinding[] {
  const needed = file.listeners.some((listener) => listener.securityProfile === 3)
  return needed && file.cpo.names.length === 0
    ? [
        problem(['cpo', 'names'], 'profile 3 needs at least one name of the operator (organizationName)', [
          'A00.FR.404',
        ]),
      ]
    : []
}

/** Edition 4 ended the lane of A00.FR.314 and 324. */
export function legacyLane(file: LoadedFile): KeyFinding[] {
  return eachTls(file, (tls, path) =>
    tls.legacy && file.edition === 4
      ? [
          problem(
            [...path, 'legacy'],
            'edition 4 allows no TLS 1.0 and 1.1; set edition: 3 or legacy: false',
            ['A00.FR.314', 'A00.FR.324'],
          ),
        ]
      : [],
  )
}

/** Suites and lowest version must leave something, and should leave the mandatory four (A00.FR.317). */
export function suites(file: LoadedFile): KeyFinding[] {
  return eachTls(file, (tls, path) => {
    const ids = ['A00.FR.317', 'A00.FR.421']
    const usable = tls.minVersion === 'TLSv1.3' ? tls.ciphers.filter(isTls13Cipher) : tls.ciphers
    if (usable.length === 0)
      return [
        problem([...path, 'ciphers'], 'none of these suites belongs to TLS 1.3, and minVersion is TLSv1.3'),
      ]
    if (tls.minVersion === 'TLSv1.3') {
      return [
        warning(
          [...path, 'minVersion'],
          'TLSv1.3 puts the four mandatory suites of TLS 1.2 out of reach',
          ids,
        ),
      ]
    }
    const missing = mandatorySuites
      .filter((suite) => !tls.ciphers.includes(suite.openssl))
      .map((suite) => suite.openssl)
    return missing.length === 0
      ? []
      : [warning([...path, 'ciphers'], `mandatory suites are left out: ${missing.join(', ')}`, ids)]
  })
}
