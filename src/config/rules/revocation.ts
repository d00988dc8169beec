import { isIP } from 'node:net'
import type { LoadedFile } from '../convert.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../problem.ts'
import { isHostName, isHttpUrl } from '../values.ts'

type Listener = LoadedFile['listeners'][number]
type Revocation = Omit<
  NonNullable<NonNullable<Listener['tls']>['clientCertificates']>['revocation'],
  'liveSessions'
>

/** Who says what is revoked must be reachable, and fit the times of a connection (A00.FR.702, 704). */
export function revocationRules(file: LoadedFile): KeyFinding[] {
  return file.listeners.flatMap((listener, index) => {
    const revocation = listener.tls?.clientCertificates?.revocation
    if (revocation === undefined) return []
    const path = ['listeners', index, 'tls', 'clientCertificates', 'revocation']
    return [
      ...revocationSourceRules(revocation, path),
      ...times(revocation, path, file.limits.handshakeTimeout),
    ]
  })
}

/** The same, wherever a section of the kind stands. */
export function revocationSourceRules(revocation: Revocation, path: KeyPath): KeyFinding[] {
  return [...addresses(revocation, path), ...hosts(revocation, path)]
}

function addresses({ crl, responder }: Revocation, path: KeyPath): KeyFinding[] {
  const urls = crl.flatMap((one, index) =>
    isHttpUrl(one) ? [{ url: one, at: [...path, 'crl', index] }] : [],
  )
  if (responder !== undefined) urls.push({ url: responder, at: [...path, 'responder'] })
  return urls.flatMap(({ url, at }) => {
    const parsed = URL.parse(url)
    if (parsed === null || !/^https?:$/.test(parsed.protocol))
      return [problem(at, 'must be an http:// or https:// URL')]
    // It would stand in logs and metrics.
    return parsed.username === '' && parsed.password === ''
      ? []
      : [problem(at, 'must not hold a user name or password', ['CWE-312'])]
  })
}

function hosts({ hosts: listed, responder, ocsp }: Revocation, path: KeyPath): KeyFinding[] {
  const found = listed.flatMap((host, index) =>
    isHostName(host.replace(/^\./, '')) || isIP(host) !== 0
      ? []
      : [problem([...path, 'hosts', index], 'must be a host name alone, or .name for all below it')],
  )
  if (ocsp !== 'off' && responder === undefined && listed.length === 0)
    found.push(
      problem([...path, 'ocsp'], `${ocsp} needs responder, or hosts that certificates may name as theirs`, [
        'A00.FR.702',
        'CWE-918',
      ]),
    )
  return found
}

function times({ ocsp, wait, timeout }: Revocation, path: KeyPath, handshakeTimeout: number): KeyFinding[] {
  // Nobody waits for a CRL: it is there, or it is not.
  if (ocsp === 'off') return []
  if (wait >= handshakeTimeout)
    return [problem([...path, 'wait'], `must be less than limits.handshakeTimeout (${handshakeTimeout} ms)`)]
  return wait > timeout
    ? [warning([...path, 'wait'], `is above timeout (${timeout} ms), which ends it earlier`)]
    : []
}
