import { renameSync, writeFileSync } from 'node:fs'

/**
 * Writes a file that the proxy watches the way tools do it: beside it, and then over it. Whoever reads it, reads
 * the old one or the new one, and never a half.
 */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): void {
  const beside = `${path}.new`
  writeFileSync(beside, content, { mode })
  renameSync(beside, path)
}
