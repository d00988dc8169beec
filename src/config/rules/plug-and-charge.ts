import { isIP } from 'node:net'
import type { LoadedFile } from '../convert.ts'
import { reachOf } from '../network.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../problem.ts'
import { isHostName } from '../values.ts'
import { authorityRules } from './certificate-authority.ts'

type Section = NonNullable<LoadedFile['plugAndCharge']>
type Pool = NonNullable<Section['evCertificate']['pool']>

/** ISO 15118-2: certificates of charge points live for two to three months. */
const usualLifetimeMs = 93 * 86_400_000

/** A vehicle gives up after 5 s (ISO 15118-2, CertificateInstallation). */
const vehicleMs = 5_000

/** What is served must have somebody who knows, and be in time (M01, M02, M06). */
export function plugAndChargeRules(file: LoadedFile): KeyFinding[] {
  const section = file.plugAndCharge
  if (section === undefined) return []
  const path = ['plugAndCharge']
  return [
    ...statusRules(section.certificateStatus, [...path, 'certificateStatus'], file.limits.callTimeout),
    ...evRules(section.evCertificate, [...path, 'evCertificate'], file.limits.callTimeout),
    ...signRules(section.signCertificate, [...path, 'signCertificate'], file.cpo.names),
    ...authorizeRules(section.authorize, [...path, 'authorize'], file.limits.callTimeout),
  ]
}

function statusRules(
  { mode, hosts, issuers, timeout }: Section['certificateStatus'],
  path: KeyPath,
  callTimeout: number,
): KeyFinding[] {
  const found = hostRules(hosts, path)
  if (mode === 'pass') return found
  if (hosts.length === 0) found.push(hostsMissing(path, 'M06.FR.01'))
  if (issuers.length === 0) {
    const text = 'empty: answers are kept without a look at their signature; name the V2G authorities'
    found.push(warning([...path, 'issuers'], text, ['CWE-347']))
  }
  return [...found, ...fits(timeout, [...path, 'timeout'], callTimeout)]
}

/** What it answers decides who charges: an answer without a signature would be worth nothing. */
function authorizeRules(
  { mode, hosts, issuers, timeout, unreachable }: Section['authorize'],
  path: KeyPath,
  callTimeout: number,
): KeyFinding[] {
  const found = hostRules(hosts, path)
  if (mode === 'pass') return found
  if (hosts.length === 0) found.push(hostsMissing(path, 'C07.FR.05'))
  if (issuers.length === 0) {
    const text = 'serve needs issuers: the authorities of mobility operators'
    found.push(problem([...path, 'mode'], text, ['C07.FR.05', 'CWE-347']))
  }
  if (unreachable === 'allow') {
    const text = 'allow: whoever keeps the responder from answering charges on a revoked contract'
    found.push(warning([...path, 'unreachable'], text, ['CWE-636']))
  }
  return [...found, ...fits(timeout, [...path, 'timeout'], callTimeout)]
}

function hostRules(hosts: readonly string[], path: KeyPath): KeyFinding[] {
  return hosts.flatMap((host, index) =>
    isHostName(host.replace(/^\./, '')) || isIP(host) !== 0
      ? []
      : [problem([...path, 'hosts', index], 'must be a host name alone, or .name for all below it')],
  )
}

function hostsMissing(path: KeyPath, requirement: string): KeyFinding {
  const text = 'serve needs hosts: the responders that charge points may name'
  return problem([...path, 'mode'], text, [requirement, 'CWE-918'])
}

function evRules({ mode, pool }: Section['evCertificate'], path: KeyPath, callTimeout: number): KeyFinding[] {
  if (pool === undefined)
    return mode === 'pass' ? [] : [problem([...path, 'mode'], 'serve needs pool', ['M01.FR.01', 'M02.FR.01'])]
  const key = [...path, 'pool']
  const found = [...urlRules(pool, key), ...fits(pool.timeout, [...key, 'timeout'], callTimeout)]
  if ((pool.certificate === undefined) !== (pool.key === undefined))
    found.push(problem(key, 'needs both certificate and key, or neither'))
  if (pool.timeout >= vehicleMs)
    found.push(warning([...key, 'timeout'], 'vehicles give up after 5 s', ['M01.FR.01']))
  return found
}

function signRules(
  { mode, authority, organizations, commonNames }: Section['signCertificate'],
  path: KeyPath,
  cpoNames: readonly string[],
): KeyFinding[] {
  const found = authority === undefined ? [] : authorityRules(authority, [...path, 'authority'])
  if ((authority?.local?.lifetime ?? 0) > usualLifetimeMs) {
    const text = 'ISO 15118-2 has two to three months; vehicles may refuse what lives longer'
    found.push(warning([...path, 'authority', 'local', 'lifetime'], text))
  }
  if (mode === 'pass') return found
  if (authority === undefined) found.push(problem([...path, 'mode'], 'serve needs authority', ['A02.FR.04']))
  if (organizations.length === 0 && cpoNames.length === 0)
    found.push(problem([...path, 'organizations'], 'empty, and so is cpo.names', ['A02.FR.13']))
  for (const [index, template] of commonNames.entries())
    for (const [whole] of template.matchAll(/\{[^}]*\}/g))
      if (whole !== '{identity}' && whole !== '{serialNumber}')
        found.push(problem([...path, 'commonNames', index], 'knows {identity} and {serialNumber} only'))
  if (commonNames.includes('*')) {
    const text = '*: a charge point can get a certificate with the name of another'
    found.push(warning([...path, 'commonNames'], text, ['A02.FR.12']))
  }
  return found
}

function fits(timeout: number, path: KeyPath, callTimeout: number): KeyFinding[] {
  return timeout < callTimeout
    ? []
    : [problem(path, `must be less than limits.callTimeout (${callTimeout} ms), which would end it`)]
}

/** Never quotes the URL: it may hold a token. */
function urlRules({ url: text, certificate, tokenFile }: Pool, path: KeyPath): KeyFinding[] {
  const key = [...path, 'url']
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    return [problem(key, 'must be an http:// or https:// URL')]
  if (url.username !== '' || url.password !== '')
    return [problem(key, 'must not hold a user name or password', ['CWE-312'])]
  if (url.protocol === 'https:') return []
  const found = certificate === undefined ? [] : [problem(key, 'a client certificate needs an https:// URL')]
  if (reachOf(url.hostname.replace(/^\[|\]$/g, '')) === 'loopback') return found
  return tokenFile === undefined
    ? [...found, warning(key, 'http:// to another machine: anybody on the way can answer', ['CWE-319'])]
    : [...found, problem(key, 'a token needs an https:// URL', ['CWE-319'])]
}
