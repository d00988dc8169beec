import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfPresent, writeAtomically } from '../../pki/files.ts'
import { keyFromHex } from '../../simulator/credentials.ts'

/** The passwords of the demo charge points: readable on purpose, so that they can be tried again tomorrow. */
export interface DemoPasswords {
  readonly keys: ReadonlyMap<string, Buffer>
  /** Identities whose password was made by this call. */
  readonly made: ReadonlySet<string>
}

export const passwordsFile = 'demo-credentials.json'

/** A01.FR.07: the longest key that the standard allows. */
const keyBytes = 20

/** What `simulate charge-point --password-file` takes, for one identity. */
export function passwordFileOf(identity: string): string {
  return `${identity}.password`
}

/** New random passwords, written nowhere. */
export function makePasswords(identities: readonly string[]): DemoPasswords {
  return {
    keys: new Map(identities.map((identity) => [identity, randomBytes(keyBytes)])),
    made: new Set(identities),
  }
}

/**
 * The passwords kept in `directory`, with those that are missing made and written: all of them in one
 * JSON file, and each in a file of its own. Mode 0600. A charge point that got a new password wrote it
 * to its own file (`simulate charge-point --save-password`): that one counts. Throws the file system's errors.
 */
export async function ensurePasswords(
  directory: string,
  identities: readonly string[],
): Promise<DemoPasswords> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, passwordsFile)
  const text = await readIfPresent(path)
  const kept = text === null ? new Map<string, Buffer>() : parsePasswords(text)
  const changed = await takeOwnFiles(directory, kept)
  const missing = identities.filter((identity) => !kept.has(identity))
  const { keys: fresh } = makePasswords(missing)
  const keys = new Map([...kept, ...fresh])
  const hex = (key: Buffer) => key.toString('hex').toUpperCase()
  if (missing.length > 0 || changed) {
    const all = Object.fromEntries([...keys].map(([identity, key]) => [identity, hex(key)]))
    await writeAtomically(path, `${JSON.stringify(all, null, 2)}\n`, 0o600)
  }
  for (const identity of identities) {
    const file = join(directory, passwordFileOf(identity))
    const line = `${hex(keys.get(identity) ?? Buffer.alloc(0))}\n`
    if ((await readIfPresent(file)) !== line) await writeAtomically(file, line, 0o600)
  }
  return { keys, made: new Set(missing) }
}

/** Puts the keys of the charge points' own files in place of those in `keys`. True: one was another. */
async function takeOwnFiles(directory: string, keys: Map<string, Buffer>): Promise<boolean> {
  let changed = false
  for (const [identity, known] of keys) {
    const text = await readIfPresent(join(directory, passwordFileOf(identity)))
    const own = text === null ? null : keyFromHex(text.trim())
    if (own === null || known.equals(own)) continue
    keys.set(identity, Buffer.from(own))
    changed = true
  }
  return changed
}

/** Total: what cannot be read counts as missing. */
function parsePasswords(text: string): Map<string, Buffer> {
  const keys = new Map<string, Buffer>()
  for (const [identity, value] of Object.entries(parseObject(text))) {
    const key = typeof value === 'string' ? keyFromHex(value) : null
    if (key !== null) keys.set(identity, Buffer.from(key))
  }
  return keys
}

function parseObject(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}
