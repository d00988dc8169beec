import type { CertificateStatus } from '../../admin/deps.ts'
import { loadConfig } from '../../config/load.ts'
import { formatFinding } from '../../config/problem.ts'
import { ProxyError } from '../../policy/error.ts'
import type { Shell } from '../shell.ts'

/**
 * The certificates of the proxy as its configuration names them, when none runs. What it would issue to
 * itself does not exist then. Throws ProxyError `config_invalid`, and what reading the files throws.
 */
export async function configuredCertificates(
  shell: Shell,
  path: string,
): Promise<readonly CertificateStatus[]> {
  const loaded = loadConfig(path, { env: shell.env })
  if (!loaded.ok) {
    const problems = loaded.problems.map(formatFinding).join('\n')
    throw new ProxyError('config_invalid', 'operator', `the configuration has problems:\n${problems}`)
  }
  const { config } = loaded
  const { loadTlsMaterial } = await import('../../gate/tls-material.ts')
  const { prepareAuthorities } = await import('../../app/authorities.ts')
  const { certificatesOf } = await import('../../app/certificates.ts')
  const nothing = async () => []
  const listeners = await Promise.all(
    config.listeners.map(async (listener) => ({
      listener,
      contexts:
        listener.tls === undefined ? null : { material: await loadTlsMaterial(listener.tls, nothing) },
    })),
  )
  // Nothing is issued here: the index is never asked.
  const unused = () => Promise.reject(new Error('nothing is issued by a list'))
  const index = { record: unused, find: unused, revoked: unused }
  const { issuers } = prepareAuthorities(config.certificateAuthority, { index, now: shell.now })
  return certificatesOf(listeners, issuers)
}
