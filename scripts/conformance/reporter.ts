import type { TestEvent } from 'node:test/reporters'

/** A reporter for `node --test`: one JSON line per test, for scripts/conformance.ts. */
// biome-ignore lint/style/noDefaultExport: node:test takes a reporter by its default export.
export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { name, skip, todo, file } = event.data
    // The runner reports each file as a test too.
    if (name === file || name.endsWith('.test.ts')) continue
    const isSkipped = skip !== undefined && skip !== false
    const status = event.type === 'test:fail' ? 'fail' : isSkipped || todo !== undefined ? 'skip' : 'pass'
    yield `${JSON.stringify({ name, status, file })}\n`
  }
}
