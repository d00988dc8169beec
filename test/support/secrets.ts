import { appendFileSync, mkdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { SecretKind, SecretRecord } from '../../scripts/grep-secrets/forms.ts'
import { transcriptVariable } from './transcript.ts'

const root = join(import.meta.dirname, '..', '..')
const noted = new Set<string>()

/**
 * Notes a secret that a test uses, and returns it: when the whole suite is over, scripts/grep-secrets.ts
 * looks for it in all that was said (A01.FR.08, A01.FR.09). Choose values that cannot occur by chance.
 */
export function secret<T extends string | Uint8Array>(kind: SecretKind, value: T): T {
  const folder = process.env[transcriptVariable]
  if (folder === undefined) return value
  const base64 = Buffer.from(value).toString('base64')
  if (noted.has(base64)) return value
  noted.add(base64)
  const record: SecretRecord = { kind, value: base64, from: relative(root, process.argv[1] ?? '') }
  const secrets = join(folder, 'secrets')
  mkdirSync(secrets, { recursive: true, mode: 0o700 })
  appendFileSync(join(secrets, `${process.pid}.jsonl`), `${JSON.stringify(record)}\n`, { mode: 0o600 })
  return value
}

/** The passwords in messages: AuthorizationKey, set by ChangeConfiguration or told by GetConfiguration. */
export function secretsIn(text: string): void {
  for (const [, value = ''] of text.matchAll(
    /"AuthorizationKey"[^{}]*?"value"\s*:\s*"((?:[^"\\]|\\.)*)"/gi,
  )) {
    const key: unknown = JSON.parse(`"${value}"`)
    if (typeof key !== 'string' || key === '(hidden)') continue
    secret('password', key)
    if (/^(?:[0-9a-f]{2}){16,20}$/i.test(key)) secret('password', Buffer.from(key, 'hex'))
  }
}
