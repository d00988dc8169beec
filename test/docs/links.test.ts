import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { anchorsOf, documents, root } from './markdown.ts'

/** What is wrong with the relative links of a document; `read` is null for what does not exist. */
function linkProblems(path: string, text: string, read: (path: string) => string | null): string[] {
  return [...text.matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return []
    const [file = '', anchor] = target.split('#')
    const wanted = file === '' ? path : normalize(join(dirname(path), file))
    const found = read(wanted)
    if (found === null) return [`${path}: ${target}: there is no ${wanted}`]
    if (anchor === undefined || anchorsOf(found).has(anchor)) return []
    return [`${path}: ${target}: there is no such heading`]
  })
}

function readHere(path: string): string | null {
  if (!existsSync(join(root, path))) return null
  return path.endsWith('.md') ? readFileSync(join(root, path), 'utf8') : ''
}

test('every relative link of the documents leads to a file and a heading that exist', () => {
  assert.deepEqual(
    documents().flatMap(({ path, text }) => linkProblems(path, text, readHere)),
    [],
  )
})

test('a link to nothing is found', () => {
  const read = (path: string) => (path === 'docs/b.md' ? '# One `two`: three\n# Same\n# Same' : null)
  const text = '[x](b.md#one-two-three) [x](b.md#same-1) [x](b.md#four) [x](c.md) [x](https://e.com/c.md)'
  assert.deepEqual(linkProblems('docs/a.md', text, read), [
    'docs/a.md: b.md#four: there is no such heading',
    'docs/a.md: c.md: there is no docs/c.md',
  ])
})

test('docs/operations/README.md names every page beside it', () => {
  const index = readFileSync(join(root, 'docs/operations/README.md'), 'utf8')
  const missing = documents()
    .filter(({ path }) => path.startsWith('docs/operations/') && !path.endsWith('README.md'))
    .map(({ path }) => path.slice('docs/operations/'.length))
    .filter((name) => !index.includes(`](${name})`))
  assert.deepEqual(missing, [])
})
