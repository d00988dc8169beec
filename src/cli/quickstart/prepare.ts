import { existsSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStore } from '../../app/open-store.ts'
import type { Config, TlsConfig } from '../../config/schema.ts'
import { initDevelopmentPki } from '../../pki/development.ts'
import { ProxyError } from '../../policy/error.ts'
import { hasPassword, quickstartChargePoints, registerChargePoints } from '../demo/charge-points.ts'
import { ensurePasswords } from '../demo/passwords.ts'

/** What quickstart needs on disk before it starts anything. */

export const defaultConfig = join('config', 'quickstart.yaml')
/** It stands two folders above the commands, in the sources as in dist/. */
const packagedConfig = fileURLToPath(new URL('../../../config/quickstart.yaml', import.meta.url))

/** Outside of a checkout: puts the configuration of the package into the current folder. True when it did. */
export async function ensureConfig(path: string): Promise<boolean> {
  if (path !== defaultConfig || existsSync(path)) return false
  await mkdir(dirname(path), { recursive: true })
  await copyFile(packagedConfig, path)
  return true
}

/**
 * Where the development PKI of this configuration lives: beside the certificates of its listeners.
 * Throws ProxyError `quickstart_config`.
 */
export function certificateFolder(config: Config): string {
  const first = tlsOf(config).certificates.find((one) => 'certificate' in one)
  return dirname(first?.certificate ?? 'certs')
}

/** Makes what is missing of PKI, passwords and registry; what is valid is kept. */
export async function prepare(config: Config, now: number): Promise<void> {
  const folder = certificateFolder(config)
  // The address too: the copy-and-paste lines may be tried with either.
  const names = [...new Set([...(tlsOf(config).names ?? ['localhost']), 'localhost', '127.0.0.1'])]
  await initDevelopmentPki({
    directory: folder,
    names,
    organization: config.cpo.names[0] ?? 'Example CPO',
    now,
  })
  const withPassword = quickstartChargePoints.filter(hasPassword).map(({ identity }) => identity)
  const passwords = await ensurePasswords(folder, withPassword)
  const store = await openStore(config.store)
  try {
    await registerChargePoints(store.registry, quickstartChargePoints, passwords)
  } finally {
    await store.close()
  }
}

function tlsOf(config: Config): TlsConfig {
  const tls = config.listeners.find((listener) => listener.tls !== undefined)?.tls
  if (tls !== undefined) return tls
  throw new ProxyError('quickstart_config', 'operator', 'the quickstart needs a listener with TLS')
}
