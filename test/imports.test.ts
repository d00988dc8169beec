import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Import, importsOf, partOf, sourcesIn } from './sources.ts'

const sources = sourcesIn('src')
const imports: readonly Import[] = sources.flatMap(importsOf)

/**
 * Who may import whom (design, section 5): a folder of src, or one file of it; with `type:` before
 * it, its types only. Every folder may import itself.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  policy: [],
  pki: ['policy'],
  ocpp: ['policy'],
  config: ['policy'],
  // What an authority writes down of what it has issued: its words.
  store: ['policy', 'type:pki/authority/issued-index.ts'],
  observe: ['policy', 'ocpp'],
  events: ['policy', 'type:store/store.ts', 'type:observe'],
  relay: ['policy', 'ocpp', 'observe', 'type:config'],
  gate: [
    'policy',
    'pki',
    'ocpp',
    'type:config',
    'type:store/store.ts',
    'store/seal.ts',
    // The limits and hashes of passwords are the gate's; what is written of them is the store's.
    'store/credential-hash.ts',
    'type:observe',
    // Of the relay the gate knows the shapes, and how an answer and a Close frame are written.
    'type:relay',
    'relay/close-codes.ts',
    'relay/upgrade-answer.ts',
  ],
  // Of a session a use case knows what relay/use-case.ts says, and nothing of sockets.
  usecases: [
    'policy',
    'pki',
    'ocpp',
    'relay/use-case.ts',
    'type:config',
    'type:store/store.ts',
    'type:events',
    'type:observe',
  ],
  campaigns: ['policy', 'type:usecases', 'type:store/store.ts', 'type:events', 'type:observe'],
  simulator: ['policy', 'pki', 'ocpp'],
  admin: [
    'policy',
    'type:config',
    'type:observe',
    'type:store/store.ts',
    'type:events',
    'type:usecases',
    'type:campaigns',
    'type:relay/use-case.ts',
  ],
}

/** They wire, and may know everybody. */
const wiring = new Set(['app.ts', 'app', 'main.ts', 'cli'])

function mayImport({ from, to, isType }: Import): boolean {
  const [part, other] = [partOf(from), partOf(to)]
  if (part === other || wiring.has(part)) return true
  const file = to.replace(/^src\//, '')
  return (allowed[part] ?? []).some((entry) => {
    const [name, typesOnly] = entry.startsWith('type:') ? [entry.slice(5), true] : [entry, false]
    return (name === other || name === file) && (isType || !typesOnly)
  })
}

test('the reader of imports sees them all, in whatever form', () => {
  const text = [
    "import { a } from './a.ts'",
    "import type { B } from '../b/b.ts'",
    "import { type C, type D } from './c.ts'",
    "import { type E, f } from './e.ts'",
    "import './side-effect.ts'",
    "export * from './g.ts'",
    "export { h } from './h.ts'",
    "import {\n  type I,\n  type J,\n} from './i.ts'",
    "const k = await import('./k.ts')",
    "import fs from 'node:fs'",
  ].join('\n')
  const read = importsOf({ path: 'src/x/x.ts', text }).map(
    ({ to, isType }) => `${isType ? 'type ' : ''}${to}`,
  )
  assert.deepEqual(read, [
    'src/x/a.ts',
    'type src/b/b.ts',
    'type src/x/c.ts',
    'src/x/e.ts',
    'src/x/side-effect.ts',
    'src/x/g.ts',
    'src/x/h.ts',
    'type src/x/i.ts',
    'src/x/k.ts',
  ])
  assert.equal(mayImport({ from: 'src/policy/a.ts', to: 'src/gate/b.ts', isType: true }), false)
  assert.equal(mayImport({ from: 'src/gate/a.ts', to: 'src/store/sqlite.ts', isType: false }), false)
  assert.equal(mayImport({ from: 'src/gate/a.ts', to: 'src/config/load.ts', isType: false }), false)
})

test('[design 5] every import goes in the right direction, to a file that is there', () => {
  assert.ok(imports.length > 300, `${imports.length} imports were read`)
  const wrong = imports.filter((one) => !mayImport(one)).map(({ from, to }) => `${from} imports ${to}`)
  assert.deepEqual(wrong, [])
  const missing = imports.filter(({ to }) => !existsSync(join(import.meta.dirname, '..', to)))
  assert.deepEqual(missing, [])
})

test('[design 5] every folder of src has its place in the matrix', () => {
  const parts = new Set(sources.map(({ path }) => partOf(path)))
  const unknown = [...parts].filter((part) => !wiring.has(part) && allowed[part] === undefined)
  assert.deepEqual(unknown, [])
})

test('[design 5] nobody but the wiring knows who wires', () => {
  const wrong = imports.filter(({ from, to }) => wiring.has(partOf(to)) && !wiring.has(partOf(from)))
  assert.deepEqual(wrong, [])
  const wired = imports.filter(({ from, to }) => from === 'src/app.ts' && partOf(to) === 'cli')
  assert.deepEqual(wired, [])
})

/** A way around through the edges, or null. */
function cycleOf(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | null {
  const done = new Set<string>()
  const visit = (node: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node]
    if (done.has(node)) return null
    for (const next of edges.get(node) ?? []) {
      const found = visit(next, [...path, node])
      if (found !== null) return found
    }
    done.add(node)
    return null
  }
  for (const node of edges.keys()) {
    const found = visit(node, [])
    if (found !== null) return found
  }
  return null
}

function edgesOf(list: readonly Import[], nameOf: (path: string) => string) {
  const edges = new Map<string, Set<string>>()
  for (const { from, to } of list) {
    const [a, b] = [nameOf(from), nameOf(to)]
    if (a === b) continue
    const known = edges.get(a) ?? new Set()
    edges.set(a, known.add(b))
  }
  return edges
}

test('[design 5] no cycles between the folders of src, types included', () => {
  assert.deepEqual(
    cycleOf(
      new Map([
        ['a', new Set(['b'])],
        ['b', new Set(['c'])],
        ['c', new Set(['b'])],
      ]),
    ),
    ['b', 'c', 'b'],
  )
  assert.equal(cycleOf(edgesOf(imports, partOf)), null)
})

test('[design 5] no cycles between files, when they run', () => {
  const running = imports.filter(({ isType }) => !isType)
  assert.equal(cycleOf(edgesOf(running, (path) => path)), null)
})
