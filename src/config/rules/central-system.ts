import type { LoadedFile } from '../convert.ts'
import { reachOf } from '../network.ts'
import { type KeyFinding, problem, warning } from '../problem.ts'
import { templateProblems } from '../templates.ts'
import { headerNameProblem } from './header-name.ts'

/** What both have. */
type Section = Omit<NonNullable<LoadedFile['centralSystem201']>, 'certificates'>

/** The rules of a central system hold for either one. */
function ofEach(rule: (section: Section, key: string, file: LoadedFile) => KeyFinding[]) {
  return (file: LoadedFile): KeyFinding[] => {
    const { centralSystem, centralSystem201 } = file
    const second = centralSystem201 === undefined ? [] : rule(centralSystem201, 'centralSystem201', file)
    return [...rule(centralSystem, 'centralSystem', file), ...second]
  }
}

/** What is wrong with a central system's URL, never quoting it: it may hold a password. */
export const centralSystemUrl = ofEach(({ url: text, ca }, key) => {
  const path = [key, 'url']
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
    found.push(warning([key, 'ca'], 'has no effect: the central system is not reached by wss://'))
  }
  return found
})

export const upstreamAuthorization = ofEach(({ authorization, headers }, key, file) => {
  const path = [key, 'authorization']
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
    found.push(problem([key, 'headers', ownHeader], `${key}.authorization sets this header already`))
  }
  return found
})

export const upstreamHeaders = ofEach(({ headers }, key) => {
  const seen = new Set<string>()
  return Object.entries(headers).flatMap(([name, template]) => {
    const path = [key, 'headers', name]
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
})

/** A charge point that speaks OCPP 2.0.1 has nobody to talk to at a central system of OCPP 1.6. */
export function centralSystemOfEachProtocol(file: LoadedFile): KeyFinding[] {
  const serving = file.listeners.findIndex(({ protocols }) => protocols.includes('ocpp2.0.1'))
  if (serving >= 0 && file.centralSystem201 === undefined) {
    return [
      problem(
        ['listeners', serving, 'protocols'],
        'ocpp2.0.1 needs centralSystem201: where its messages go',
        ['A00.FR.006'],
      ),
    ]
  }
  if (file.centralSystem201?.certificates === 'serve' && file.certificateAuthority === undefined) {
    return [
      problem(
        ['centralSystem201', 'certificates'],
        'serve needs certificateAuthority: without one every request is answered Rejected',
        ['A02.FR.12'],
      ),
    ]
  }
  if (serving < 0 && file.centralSystem201 !== undefined) {
    return [warning(['centralSystem201'], 'has no effect: no listener has ocpp2.0.1 in protocols')]
  }
  return []
}
