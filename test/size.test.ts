import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourcesIn } from './sources.ts'

const sources = sourcesIn('src', 'test')
const linesOf = (text: string) => text.split('\n').length - 1

test('[design 5] no file has more than 400 lines, half of them at most 150', () => {
  const long = sources.filter(({ text }) => linesOf(text) > 400).map(({ path }) => path)
  assert.deepEqual(long, [])
  const lengths = sources
    .filter(({ path }) => path.startsWith('src/'))
    .map(({ text }) => linesOf(text))
    .sort((a, b) => a - b)
  assert.ok((lengths[lengths.length >> 1] ?? 0) <= 150)
})

test('no enum, no namespace, no default export, no any', () => {
  const banned: [RegExp, string][] = [
    [/^\s*(?:export\s+)?(?:const\s+)?enum\s/m, 'enum'],
    [/^\s*(?:export\s+)?namespace\s/m, 'namespace'],
    [/^\s*export\s+default\b/m, 'default export'],
    [/(?::|<|\bas)\s*any\b(?!['"`])/, 'any'],
  ]
  const code = (text: string) =>
    text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/gm, '')
  const found = sources.flatMap(({ path, text }) =>
    banned.filter(([pattern]) => pattern.test(code(text))).map(([, name]) => `${path}: ${name}`),
  )
  assert.deepEqual(found, [])
  const bad = 'export default 1\n  enum A {}\nconst a: any = 1'
  assert.equal(banned.filter(([pattern]) => pattern.test(bad)).length, 3)
})
