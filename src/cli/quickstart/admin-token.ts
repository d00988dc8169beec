import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import { readFileBounded } from '../../config/read.ts'
import type { Environment } from '../../config/substitute.ts'
import { writeAtomically } from '../../pki/files.ts'

/** Bytes; as many as nobody guesses. */
const tokenBytes = 32

/** Stands for a secret that is not there yet, so that the rest of the file can be read. */
const placeholder = 'x'.repeat(tokenBytes)

/**
 * Makes the token of the admin API where `admin.tokenFile` of the configuration says, when it is missing
 * there: random, mode 0600. What else is wrong with the configuration is for `loadConfig` to tell. Throws
 * the file system's errors.
 */
export async function ensureAdminToken(configFile: string, env: Environment): Promise<void> {
  const loaded = loadConfig(configFile, {
    env,
    readFile: (path, maxBytes) =>
      existsSync(path) ? readFileBounded(path, maxBytes) : Buffer.from(placeholder),
  })
  const file = loaded.ok ? adminTokenFile(loaded.secretFiles) : null
  if (file === null || existsSync(file)) return
  await mkdir(dirname(file), { recursive: true })
  await writeAtomically(file, `${randomBytes(tokenBytes).toString('base64url')}\n`, 0o600)
}

/** The path of the token's file; null: the configuration names none. */
export function adminTokenFile(
  secretFiles: readonly { readonly key: readonly (string | number)[]; readonly file: string }[],
): string | null {
  return secretFiles.find(({ key }) => key.join('.') === 'admin.tokenFile')?.file ?? null
}
