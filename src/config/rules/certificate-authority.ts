import type { LoadedFile } from '../convert.ts'
import { reachOf } from '../network.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../problem.ts'
import { headerNameProblem } from './header-name.ts'

type Section = NonNullable<LoadedFile['certificateAuthority']>
type Source = { readonly [Kind in 'local' | 'est' | 'http']?: Section[Kind] | undefined }

const kinds = ['local', 'est', 'http'] as const

/** Who signs for charge points: one for all, or one for each type of key, and each of them complete. */
export function certificateAuthority(file: LoadedFile): KeyFinding[] {
  const section = file.certificateAuthority
  if (section === undefined) return []
  const path = ['certificateAuthority']
  const found = authorityRules(section, path)
  if (file.cpo.names.length === 0) {
    const ids = ['A00.FR.404', 'A02.FR.13']
    found.push(
      problem(
        ['cpo', 'names'],
        'certificateAuthority needs the name of the operator: O of every request is held to it',
        ids,
      ),
    )
  }
  const { centralSystem, centralSystem201 } = file
  if (centralSystem.securityMessages === 'forward' && centralSystem201?.certificates !== 'serve') {
    found.push(
      warning(
        path,
        'centralSystem.securityMessages is forward: requests go to the central system, and this authority is not asked',
      ),
    )
  }
  return found
}

/** Of a section with an authority, whoever it signs for. */
export function authorityRules(section: Section, path: KeyPath): KeyFinding[] {
  const { rsa, ec } = section
  const found = [
    ...oneOf(section, path, rsa === undefined && ec === undefined),
    ...(['rsa', 'ec'] as const).flatMap((type) => {
      const source = section[type]
      return source === undefined ? [] : oneOf(source, [...path, type], true)
    }),
  ]
  const isUsed = kinds.some((kind) => section[kind] !== undefined)
  return isUsed && rsa !== undefined && ec !== undefined
    ? [...found, warning(path, 'rsa and ec are both set: the authority beside them is never asked')]
    : found
}

function oneOf(source: Source, path: KeyPath, isNeeded: boolean): KeyFinding[] {
  const given = kinds.filter((kind) => source[kind] !== undefined)
  if (given.length > 1 || (given.length === 0 && isNeeded))
    return [problem(path, 'must hold one of local, est and http')]
  return [...localRules(source, path), ...estRules(source, path), ...httpRules(source, path)]
}

function localRules({ local }: Source, path: KeyPath): KeyFinding[] {
  if (local === undefined) return []
  const { certificate, key, pkcs12, crlUrl, ocspUrl } = local
  const key0 = [...path, 'local']
  const found: KeyFinding[] = []
  const isPem = certificate !== undefined && key !== undefined && pkcs12 === undefined
  const isBundle = pkcs12 !== undefined && certificate === undefined && key === undefined
  if (!isPem && !isBundle) found.push(problem(key0, 'needs certificate and key, or pkcs12', ['A00.FR.602']))
  for (const [name, text] of Object.entries({ crlUrl, ocspUrl })) {
    if (text === undefined || (/^https?:\/\//i.test(text) && URL.canParse(text) && isPlain(text))) continue
    // RFC 5280 4.2.1.13 and 4.2.2.1: the URL is written into certificates, in ASCII.
    found.push(problem([...key0, name], 'must be an http:// or https:// URL in ASCII'))
  }
  return found
}

const isPlain = (text: string): boolean => /^[\x21-\x7e]+$/.test(text)

function estRules({ est }: Source, path: KeyPath): KeyFinding[] {
  if (est === undefined) return []
  const { url, username, passwordFile } = est
  const key = [...path, 'est']
  const found = [...urlRules(url, [...key, 'url']), ...clientRules(est, key)]
  if (URL.canParse(url) && new URL(url).protocol === 'http:')
    found.push(
      problem([...key, 'url'], 'must be an https:// URL: EST is spoken over TLS only (RFC 7030 3.3)'),
    )
  if ((username === undefined) !== (passwordFile === undefined))
    found.push(problem(key, 'needs both username and passwordFile, or neither'))
  if (username === undefined && est.certificate === undefined)
    found.push(warning(key, 'neither a password nor a client certificate: few servers enroll a stranger'))
  return found
}

function httpRules({ http }: Source, path: KeyPath): KeyFinding[] {
  if (http === undefined) return []
  const { url, headers, tokenFile } = http
  const key = [...path, 'http']
  const found = [...urlRules(url, [...key, 'url']), ...clientRules(http, key)]
  for (const [name, template] of Object.entries(headers)) {
    const atName = headerNameProblem(name)
    if (atName !== null) found.push({ ...problem([...key, 'headers', name], atName), atKey: true })
    found.push(...templateRules(template, [...key, 'headers', name], tokenFile !== undefined))
  }
  const usesToken = Object.values(headers).some((template) => template.includes('{token}'))
  if (tokenFile !== undefined && !usesToken)
    found.push(warning([...key, 'tokenFile'], 'has no effect: no header holds {token}'))
  return found
}

const placeholders: ReadonlySet<string> = new Set(['identity', 'serialNumber', 'organization', 'token'])

/** Never quotes the template: it may hold a credential. */
function templateRules(template: string, path: KeyPath, hasToken: boolean): KeyFinding[] {
  const found: KeyFinding[] = []
  // RFC 9110 5.5 (CWE-93).
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(template))
    found.push(problem(path, 'must not hold line breaks or control characters'))
  for (const [, name = ''] of template.matchAll(/\{(\w+)\}/g)) {
    if (!placeholders.has(name)) {
      const known = [...placeholders].map((one) => `{${one}}`).join(' ')
      found.push(problem(path, `holds a placeholder that is not known; known are ${known}`))
    } else if (name === 'token' && !hasToken) {
      found.push(problem(path, '{token} needs tokenFile'))
    }
  }
  return found
}

/** Never quotes the URL: it may hold a token. */
function urlRules(text: string, path: KeyPath): KeyFinding[] {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:\/\//i.test(text))
    return [problem(path, 'must be an http:// or https:// URL')]
  if (url.username !== '' || url.password !== '')
    return [problem(path, 'must not hold a user name or password')]
  const reach = reachOf(url.hostname.replace(/^\[|\]$/g, ''))
  return url.protocol === 'http:' && reach !== 'loopback'
    ? [
        warning(
          path,
          'http:// to another machine: whoever is on the way can answer with certificates of its own choice; use https://',
          ['CWE-319'],
        ),
      ]
    : []
}

function clientRules(
  { certificate, key }: { readonly certificate?: string; readonly key?: string },
  path: KeyPath,
): KeyFinding[] {
  return (certificate === undefined) === (key === undefined)
    ? []
    : [problem(path, 'needs both certificate and key, or neither')]
}
