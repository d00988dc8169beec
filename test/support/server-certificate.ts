import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Authority } from './authority.ts'
import type { TestProxy } from './proxy.ts'

/** The proxy shows a new certificate of `authority` from now on; fulfilled when it is in use. */
export async function serveBy(proxy: TestProxy, authority: Authority): Promise<void> {
  const issued = await authority.server('ecdsa')
  writeFileSync(join(proxy.pki.folder, 'server-ecdsa.pem'), issued.chain)
  writeFileSync(join(proxy.pki.folder, 'server-ecdsa.key'), issued.key, { mode: 0o600 })
  if ((await proxy.hangUp()) !== 'reloaded') throw new Error('the new server certificate was refused')
}
