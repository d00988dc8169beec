import type { Config } from '../../config/schema.ts'

/**
 * One line for the operator when a port is taken: which one, and the key that changes it. null when
 * the error is another one.
 */
export function portInUse(error: unknown, config: Config, file: string): string | null {
  const port = takenPort(error)
  if (port === null) return null
  const key = keyOf(port, config)
  const change = key === null ? '' : `, or change ${key} in ${file}`
  return `port ${port} is in use; end what uses it${change}`
}

/** Node says it in the error of the socket, which ours carries as its cause. */
function takenPort(error: unknown): number | null {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth += 1) {
    if ('code' in one && one.code === 'EADDRINUSE' && 'port' in one) return Number(one.port)
  }
  return null
}

function keyOf(port: number, config: Config): string | null {
  const index = config.listeners.findIndex(({ address }) => address.port === port)
  if (index >= 0) return `listeners[${index}].address`
  if (config.admin.address.port === port) return 'admin.address'
  return Number(new URL(config.centralSystem.url).port) === port ? 'centralSystem.url' : null
}
