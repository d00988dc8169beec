import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourcesIn } from './sources.ts'

/** Where a guess of the next number costs nobody anything: pauses that differ, so that peers do not move in step. */
const pauses: ReadonlySet<string> = new Set([
  'src/app/security-events.ts',
  'src/app/server-certificates.ts',
  'src/app/use-cases.ts',
  'src/relay/relay.ts',
  'src/simulator/charge-point.ts',
  'src/store/redis/client.ts',
  'src/store/redis/transaction.ts',
])

test('[A00.FR.802] only pauses use a generator that is not cryptographic', () => {
  const users = sourcesIn('src')
    .filter(({ text }) => text.includes('Math.random'))
    .map(({ path }) => path)
  assert.deepEqual(new Set(users), pauses)
})

test('[A00.FR.802] keys, salts, secrets and passwords come from node:crypto', () => {
  const makers = sourcesIn('src').filter(({ text }) => /\b(randomBytes|generateKeyPair)\(/.test(text))
  assert.ok(makers.length > 5)
  for (const { path, text } of makers) {
    const isCrypto = /import \{[^}]*\b(randomBytes|generateKeyPair)\b[^}]*\} from 'node:crypto'/.test(text)
    const isGiven =
      /randomBytes: \(length: number\) => Buffer|\{[^}]*\brandomBytes\b[^}]*\} = deps|deps\.randomBytes/.test(
        text,
      )
    assert.ok(isCrypto || isGiven, path)
  }
})
