import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, problemsOf, warningsOf, withListeners } from './support.ts'

const routes = (more: readonly string[], profile = 1) =>
  load(
    withListeners([
      `{ name: a, address: "127.0.0.1:1", securityProfile: ${profile}, routes: [${more.map((one) => `{ ${one} }`)}] }`,
    ]),
  )
const target = 'target: "http://127.0.0.1:8081/files"'

const wrong: readonly [string, readonly string[], RegExp][] = [
  [
    'one path twice',
    [`path: /a, ${target}`, `path: /a, ${target}`],
    /routes\[1\]\.path: \/a is the path of an/,
  ],
  ['no HTTP', ['path: /a, target: "ftp://host/x"'], /target: must be an http:\/\/ or https:\/\/ URL/],
  [
    'a password',
    ['path: /a, target: "http://u:p@host/x"'],
    /target: must not hold a user name or password$/m,
  ],
  ['a query', ['path: /a, target: "http://host/x?y"'], /target: must not hold \? or #/],
  ['a dot segment', [`path: /a/../b, ${target}`], /path/],
  ['a slash at the end', [`path: /a/, ${target}`], /path/],
  ['another method', [`path: /a, ${target}, methods: [DELETE]`], /methods/],
  ['a header that is none', [`path: /a, ${target}, headers: { "a b": x }`], /headers/],
  ['an unknown template', [`path: /a, ${target}, headers: { X: "{nothing}" }`], /headers\.X/],
]
for (const [name, given, expected] of wrong) {
  test(`routes: ${name} is refused`, () => assert.match(problemsOf(routes(given)).join('\n'), expected))
}

test('[CWE-306] on profile 0 a route can only be open, and an open one is warned of', () => {
  assert.match(
    problemsOf(routes([`path: /a, ${target}`], 0)).join(),
    /authentication: nobody proves anything/,
  )
  const open = routes([`path: /a, ${target}, authentication: none`])
  assert.deepEqual(problemsOf(open), [])
  assert.match(warningsOf(open).join(), /authentication: none: whoever reaches the listener/)
})
