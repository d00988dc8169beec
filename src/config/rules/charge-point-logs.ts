import { maxUploadUrlLength } from '../../policy/charge-point-log.ts'
import type { LoadedFile } from '../convert.ts'
import { reachOf } from '../network.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../problem.ts'

/** Where charge points upload their logs: it can be reached, it is nobody else's, and the token in it is safe. */
export function chargePointLogs(file: LoadedFile): KeyFinding[] {
  const found = file.listeners.flatMap(({ logUploadUrl }, index) => {
    const path = ['listeners', index, 'logUploadUrl']
    return logUploadUrl === undefined ? [] : urlFindings(file, logUploadUrl, path)
  })
  const { chargePointLogs: section } = file
  if (section === undefined || file.listeners.some((one) => one.logUploadUrl !== undefined)) return found
  const detail = 'no listener has logUploadUrl: the proxy can ask no charge point for a log'
  return section.translateGetDiagnostics ? found : [...found, warning(['chargePointLogs'], detail)]
}

function urlFindings(file: LoadedFile, text: string, path: KeyPath): KeyFinding[] {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:\/\//i.test(text))
    return [problem(path, 'must be an http:// or https:// URL, such as https://cs.example.com:8443/logs')]
  const found: KeyFinding[] = []
  if (url.username !== '' || url.password !== '')
    found.push(problem(path, 'must not hold a user name or password: the one-time token is the proof'))
  if (text.includes('?') || text.includes('#'))
    found.push(problem(path, 'must not hold ? or #: the token is appended'))
  if (text.length > maxUploadUrlLength)
    found.push(
      problem(path, `must not be longer than ${maxUploadUrlLength} characters: GetLog allows 512 in all`),
    )
  const base = url.pathname.replace(/\/+$/, '')
  if (base === '') found.push(problem(path, 'needs a path of its own, such as /logs'))
  if (!/^(\/[A-Za-z0-9._~-]+)*$/.test(base))
    found.push(problem(path, 'its path may hold letters, digits and . _ ~ - between single slashes'))
  const overlaps = (other: string) =>
    other === base || other.startsWith(`${base}/`) || base.startsWith(`${other}/`)
  if (base !== '' && file.listeners.some(({ routes }) => routes.some((route) => overlaps(route.path))))
    found.push(problem(path, 'its path is also that of a route'))
  if (url.protocol === 'http:' && ['public', 'name'].includes(reachOf(url.hostname.replace(/^\[|\]$/g, ''))))
    found.push(warning(path, 'http://: whoever listens on the way reads the logs; use https://', ['CWE-319']))
  found.push(...doorFindings(file, url, path))
  if (file.chargePointLogs === undefined)
    found.push(problem(path, 'has no effect without chargePointLogs, which says where logs are kept'))
  return found
}

/** As far as the port tells: behind a load balancer it is another one. */
function doorFindings({ listeners }: LoadedFile, url: URL, path: KeyPath): KeyFinding[] {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  const door = listeners.find(({ address }) => String(address.port) === port)
  if (door === undefined) return []
  const isSecure = door.tls !== undefined
  if (isSecure !== (url.protocol === 'https:'))
    return [
      warning(path, `port ${port} is that of ${door.name}, which ${isSecure ? 'speaks' : 'has no'} TLS`),
    ]
  if (door.securityProfile !== 3) return []
  const text = `port ${port} is that of ${door.name}, where a client without a certificate is refused before its request is read: name a listener of profile 2 unless your upload clients show one`
  return [warning(path, text, ['A00.FR.402'])]
}
