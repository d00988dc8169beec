import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** The path of a store that does not exist yet; its folder goes with the test. */
export function storePath(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-store-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'proxy.db')
}
