import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { loadConfig } from '../../src/config/load.ts'
import { load, minimal, problemsOf, temporaryFolder } from './support.ts'

const cases: readonly (readonly [name: string, content: string | Buffer, words: RegExp])[] = [
  ['an empty file', '', /the file is empty/],
  ['comments only', '# nothing\n', /the file is empty/],
  ['a text', 'just text', /must be a section/],
  ['a list', '- 1\n- 2', /must be a section/],
  ['binary data', Buffer.from([0x00, 0x01, 0x02]), /binary/],
  ['another encoding', Buffer.from([0x61, 0x3a, 0x20, 0xe4]), /UTF-8/],
  ['several documents', `${minimal}---\na: 1`, /several YAML documents/],
  ['a tab', 'a:\n\tb: 1', /tabs/],
  ['a key twice', 'edition: 3\nedition: 4', /edition: stands here twice; first on line 1/],
  ['a key that is no text', '? [a]\n: 1', /no text/],
  ['an open bracket', 'a: [', /bracket/],
  ['deep nesting', '['.repeat(50_000), /nested too deeply/],
  [
    'nesting by indentation',
    Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    /deeply/,
  ],
  [
    'a bomb',
    `a: &a [x,x]\n${'bcdefghi'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]`)
      .join('\n')}`,
    /anchors too often|too many values|deeply/,
  ],
  ['an anchor that holds itself', 'a: &a [*a]', /anchor|deeply/],
  ['an unknown anchor', 'a: *b', /anchor/],
  ['a tag', 'edition: !foo 3', /tags/],
  ['keys of Object', '__proto__: { edition: 4 }\nconstructor: 1\ntoString: 2', /__proto__: is no known key/],
  ['a merge key', `${minimal}limits: { <<: { connections: 1 } }`, /is no known key/],
]

for (const [name, content, words] of cases) {
  test(`${name} is a problem with words, not an exception`, () => {
    const result = load(content)
    assert.ok(!result.ok)
    assert.match(problemsOf(result).join('\n'), words)
  })
}

test('many lines and many keys are read, or refused, in one pass', () => {
  const keys = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n')
  const problems = problemsOf(load(keys))
  assert.ok(problems.length > 100 && problems.length <= 300, String(problems.length))
})

test('paths that are no readable file are problems', (context) => {
  const folder = temporaryFolder(context)
  const path = (name: string) => join(folder, name)
  const said = (name: string) => {
    const result = loadConfig(path(name), { env: {} })
    return result.ok ? '' : result.problems.map((one) => one.text).join()
  }
  mkdirSync(path('folder'))
  symlinkSync('loop', path('loop'))
  writeFileSync(path('huge'), '')
  truncateSync(path('huge'), 2 ** 30)
  writeFileSync(path('file'), '')
  assert.match(said('folder'), /is a folder/)
  assert.match(said('missing'), /does not exist/)
  assert.match(said('file/below'), /part of its path is a file/)
  assert.match(said('loop'), /symbolic link/)
  assert.match(said('huge'), /larger than 1048576 bytes/)
  execFileSync('mkfifo', [path('pipe')])
  assert.match(said('pipe'), /not a regular file/)
})

test('[CWE-20] whatever the bytes, loading returns', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      load(Buffer.from(bytes))
    }),
    { numRuns: 100 },
  )
})

test('[CWE-20] whatever the values, loading returns problems with positions inside the file', () => {
  const key = fc.constantFrom(
    'listeners',
    'centralSystem',
    'limits',
    'tls',
    'headers',
    'name',
    'address',
    'x',
  )
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue(),
      tie('map'),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
    map: fc.dictionary(key, tie('node'), { maxKeys: 4 }),
  }))
  fc.assert(
    fc.property(tree.map, (value) => {
      const text = JSON.stringify(value, null, 1)
      const result = load(text)
      const lines = text.split('\n').length
      for (const one of result.ok ? [] : result.problems) assert.ok((one.position?.line ?? 1) <= lines)
    }),
    { numRuns: 60 },
  )
})
