import type { LoadedFile } from '../convert.ts'
import { reachOf } from '../network.ts'
import { type KeyFinding, type KeyPath, problem, warning } from '../problem.ts'
import { templateProblems } from '../templates.ts'
import { headerNameProblem } from './header-name.ts'

type RouteFile = LoadedFile['listeners'][number]['routes'][number]

/** What is wrong with the HTTP routes of listeners. A URL is never quoted: it may hold a password. */
export function routeRules(file: LoadedFile): KeyFinding[] {
  return file.listeners.flatMap((listener, index) =>
    listener.routes.flatMap((route, position) => {
      const path = ['listeners', index, 'routes', position]
      const first = listener.routes.findIndex((other) => other.path === route.path)
      return [
        ...(first < position
          ? [problem([...path, 'path'], `${route.path} is the path of an earlier route already`)]
          : []),
        ...targetProblems(route, path),
        ...authenticationFindings(route, listener.securityProfile, path),
        ...headerProblems(route, path),
      ]
    }),
  )
}

function targetProblems({ target: text, ca }: RouteFile, path: KeyPath): KeyFinding[] {
  const key = [...path, 'target']
  const target = URL.canParse(text) ? new URL(text) : null
  if (target === null || !/^https?:\/\//i.test(text))
    return [
      problem(key, 'must be an http:// or https:// URL with a host, such as http://127.0.0.1:8081/files'),
    ]
  const found: KeyFinding[] = []
  if (target.username !== '' || target.password !== '')
    found.push(problem(key, 'must not hold a user name or password'))
  if (text.includes('?') || text.includes('#'))
    found.push(problem(key, 'must not hold ? or #: the rest of the path is appended'))
  if (target.protocol === 'http:' && reachOf(target.hostname.replace(/^\[|\]$/g, '')) === 'public')
    found.push(
      warning(key, 'http:// to a public address: nothing protects the files on the way; use https://'),
    )
  if (target.protocol === 'http:' && ca !== undefined)
    found.push(warning([...path, 'ca'], 'has no effect: the target is not reached by https://'))
  return found
}

function authenticationFindings({ authentication }: RouteFile, profile: number, path: KeyPath): KeyFinding[] {
  const key = [...path, 'authentication']
  if (authentication === 'required') {
    if (profile !== 0) return []
    return [problem(key, 'nobody proves anything on profile 0: only none is possible there', ['CWE-306'])]
  }
  return [warning(key, 'none: whoever reaches the listener can use the route', ['CWE-306'])]
}

function headerProblems({ headers }: RouteFile, path: KeyPath): KeyFinding[] {
  return Object.entries(headers).flatMap(([name, template]) => {
    const key = [...path, 'headers', name]
    const wrong = headerNameProblem(name)
    return [
      ...(wrong === null ? [] : [{ ...problem(key, wrong), atKey: true }]),
      ...templateProblems(template).map((text) => problem(key, text)),
    ]
  })
}
