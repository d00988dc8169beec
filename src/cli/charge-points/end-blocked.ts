import { ProxyError } from '../../policy/error.ts'
import { type ApiClient, type ApiOptions, apiClient, chargePointPath } from '../api-client.ts'
import { printable } from '../output.ts'
import type { Shell } from '../shell.ts'

/**
 * An import writes to the store, where a running proxy looks only from time to time: those that were blocked are told
 * to it one by one. What cannot be done is a warning, because the import is done.
 */
export async function endBlocked(
  shell: Shell,
  options: ApiOptions & { readonly store?: string },
  blocked: readonly string[],
): Promise<void> {
  if (blocked.length === 0) return
  let left = blocked.length
  const warn = (why: string) =>
    shell.err(
      `warning: ${left} charge points were blocked and may still have a session (${printable(why)}); a proxy with this store ends it within seconds\n`,
    )
  if (options.store !== undefined && options.adminUrl === undefined) {
    return warn('--store names no proxy')
  }
  try {
    const api = apiClient(shell, options)
    if (!(await api.isRunning())) return
    if (!api.hasToken) return warn(`the proxy at ${api.origin} has no admin API (admin.tokenFile)`)
    for (const identity of blocked) {
      await disconnect(api, identity)
      left -= 1
    }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    warn(error.message)
  }
}

async function disconnect(api: ApiClient, identity: string): Promise<void> {
  try {
    await api.call('POST', chargePointPath(identity, '/disconnect'), {})
  } catch (error) {
    if (!(error instanceof ProxyError) || error.code !== 'not_connected') throw error
  }
}
