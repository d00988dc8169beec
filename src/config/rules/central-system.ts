import type { LoadedFile } from '../convert.ts'
import { reachOf } from '../network.ts'
import { type KeyFinding, problem, warning } from '../problem.ts'
import { templateProblems } from '../templates.ts'
import { headerNameProblem } from './header-name.ts'

/** What is wrong with a central system's URL, never quoting it: it may hold a password. */
export function centralSystemUrl(file: LoadedFile): KeyFinding[] {
  const path = ['centralSystem', 'url']
  const { url: text, ca } = file.centralSystem
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^wss?:\/\//i.test(text)) {
    return [problem(path, 'must be a ws:// or wss:// URL with a host, such as ws://127.0.0.1:9000/ocpp')]
  }
  const found: KeyFinding[] = []
  if (url.username !== '' || url.password !== '') {
    found.push(problem(path, 'must not hold a user name or password; use authorization'))
  }
  if (text.includes('?') || text.includes('#')) {
    found.push(problem(path, 'must not hold ? or #: the identity is appended to the path', ['OCPP-J 3.1.1']))
  }
  const reach = reachOf(url.hostname.replace(/^\[|\]$/g, ''))
  if (url.protocol === 'ws:' && reach === 'public') {
    found.push(
      warning(path, 'ws:// to a public address: nothing protects the messages on the way; use wss://'),
    )
  }
  if (url.protocol === 'ws:' && ca !== undefined) {
    found.push(warning(['centralSystem', 'ca'], 'has no effect: the central system is not reached by wss://'))
  }
  return found
}

export function upstreamAuthorization(file: LoadedFile): KeyFinding[] {
  const { authorization, headers } = file.centralSystem
  const path = ['centralSystem', 'authorization']
  const found: KeyFinding[] = []
  if (authorization === 'perChargePoint' && file.store.sealingKeyFile === undefined) {
    found.push(problem(path, 'perChargePoint needs store.sealingKeyFile: the passwords are kept sealed'))
  }
  if (typeof authorization === 'object') {
    const given = [authorization.password, authorization.passwordFile].filter((one) => one !== undefined)
    if (given.length !== 1) found.push(problem(path, 'needs either password or passwordFile'))
    for (const text of templateProblems(authorization.username))
      found.push(problem([...path, 'username'], text))
  }
  const ownHeader = Object.keys(headers).find((name) => name.toLowerCase() === 'authorization')
  if (ownHeader !== undefined && authorization !== 'strip') {
    found.push(
      problem(
        ['centralSystem', 'headers', ownHeader],
        'centralSystem.authorization sets this header already',
      ),
    )
  }
  return found
}

export function upstreamHeaders(file: LoadedFile): KeyFinding[] {
  const seen = new Set<string>()
  return Object.entries(file.centralSystem.headers).flatMap(([name, template]) => {
    const path = ['centralSystem', 'headers', name]
    const lower = name.toLowerCase()
    const found: KeyFinding[] = []
    const atKey = (text: string) => found.push({ ...problem(path, text), atKey: true })
    const wrong = headerNameProblem(name)
    if (wrong !== null) atKey(wrong)
    else if (seen.has(lower)) atKey('stands here twice: names of headers do not tell upper from lower case')
    seen.add(lower)
    for (const text of templateProblems(template)) found.push(problem(path, text))
    return found
  })
}
