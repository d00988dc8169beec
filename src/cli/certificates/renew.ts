import type { Command } from 'commander'
import { type OperationCommandOptions, operationCommand, runOperation } from '../operation-command.ts'
import type { Shell } from '../shell.ts'
import { usageError } from '../store-command.ts'

interface RenewOptions extends OperationCommandOptions {
  readonly type?: string
  readonly keyType?: string
  readonly setCpoName?: true
  readonly reconnect?: true
  readonly preflight: boolean
}

/** `certificates renew`: A02 on one charge point. */
export function renewCommand(shell: Shell): Command {
  const examples = [
    'certificates renew CP1',
    'certificates renew CP1 --set-cpo-name --reconnect',
    'certificates renew CP1 --key-type ec --timeout 300 --json',
    'certificates renew CP1 --type v2g',
  ]
  return operationCommand('renew', shell, examples)
    .description('have a connected charge point make a new key, and give it a certificate for it')
    .option(
      '--type <type>',
      'tls: what it shows to the proxy; v2g: what it shows to vehicles (ISO 15118)',
      'tls',
    )
    .option('--key-type <type>', 'rsa or ec: a request with another type of key is answered Rejected')
    .option('--set-cpo-name', 'set CpoName on it first: the name that its request has to hold')
    .option('--reconnect', 'end its session, once it is idle, and wait for it with the new certificate')
    .option('--no-preflight', 'do not ask it for its configuration before, as test tools want it')
    .action((identity: string, options: RenewOptions) =>
      runOperation(shell, options, {
        identity,
        rest: options.type === 'v2g' ? '/v2g-certificate' : '/certificate',
        body: () => bodyOf(options),
        doing: `waiting for ${identity} to take its new certificate`,
      }),
    )
}

function bodyOf({
  type,
  keyType,
  setCpoName,
  reconnect,
  preflight,
}: RenewOptions): Readonly<Record<string, unknown>> {
  if (type !== 'tls' && type !== 'v2g') throw usageError('--type must be tls or v2g')
  if (type === 'v2g') {
    if (keyType !== undefined || setCpoName === true || reconnect === true || !preflight)
      throw usageError('--type v2g goes with none of the other options: they are about its TLS certificate')
    return {}
  }
  if (keyType !== undefined && keyType !== 'rsa' && keyType !== 'ec')
    throw usageError('--key-type must be rsa or ec')
  return {
    ...(keyType === undefined ? {} : { keyType }),
    ...(setCpoName === undefined ? {} : { setCpoName }),
    ...(reconnect === undefined ? {} : { reconnect }),
    ...(preflight ? {} : { preflight }),
  }
}
