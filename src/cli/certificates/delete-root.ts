import type { Command } from 'commander'
import { type OperationCommandOptions, operationCommand, runOperation } from '../operation-command.ts'
import type { Shell } from '../shell.ts'
import { usageError } from '../store-command.ts'
import { certificateOf, hashDataOf, typeOf, typeOption, typeText } from './root-options.ts'

interface DeleteOptions extends OperationCommandOptions {
  readonly type?: string
  readonly certificate?: string
  readonly hash?: string
  readonly serial?: string
  readonly force?: true
  readonly preflight: boolean
}

/** `certificates delete-root`: M04 on one charge point. */
export function deleteRootCommand(shell: Shell): Command {
  const examples = [
    'certificates delete-root CP1 --certificate old-root.pem',
    'certificates delete-root CP1 --serial 7F3A --type manufacturer',
    'certificates delete-root CP1 --hash SHA256:58F1…:0C2B…:7F3A',
  ]
  return operationCommand('delete-root', shell, examples)
    .description('delete a root certificate of a connected charge point, and see that it is gone (M04)')
    .option(typeOption, `which list it is in: ${typeText}`)
    .option('--certificate <file>', 'the certificate, PEM or DER')
    .option('--hash <data>', 'its hash data, as certificates roots writes them')
    .option('--serial <hex>', 'its serial number, where no other has it')
    .option('--force', 'also the last one: without a root the charge point can connect to nobody')
    .option('--no-preflight', 'trust what it told last, and do not ask again (test tools)')
    .action((identity: string, options: DeleteOptions) =>
      runOperation(shell, options, {
        identity,
        rest: '/root-certificates/delete',
        body: () => ({
          certificateType: typeOf(options.type),
          ...whichOf(options),
          ...(options.force ? { force: true } : {}),
          ...(options.preflight ? {} : { preflight: false }),
        }),
        doing: `deleting a root certificate of ${identity}`,
      }),
    )
}

function whichOf({ certificate, hash, serial }: DeleteOptions): Readonly<Record<string, unknown>> {
  const named = [certificate, hash, serial].filter((one) => one !== undefined)
  if (named.length !== 1) throw usageError('say which: one of --certificate, --hash and --serial')
  if (certificate !== undefined) return { certificate: certificateOf(certificate, '--certificate') }
  if (hash !== undefined) return { hashData: hashDataOf(hash) }
  if (!/^[0-9a-f]{1,40}$/i.test(serial ?? '')) throw usageError('--serial must be hexadecimal digits')
  return { serialNumber: serial }
}
