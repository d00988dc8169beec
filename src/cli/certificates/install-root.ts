import type { Command } from 'commander'
import { type OperationCommandOptions, operationCommand, runOperation } from '../operation-command.ts'
import type { Shell } from '../shell.ts'
import { certificateOf, typeOf, typeOption, typeText } from './root-options.ts'

interface InstallOptions extends OperationCommandOptions {
  readonly type?: string
  readonly oldRoot?: string
  readonly preflight: boolean
}

/** `certificates install-root`: M05 on one charge point. */
export function installRootCommand(shell: Shell): Command {
  const examples = [
    'certificates install-root CP1 new-root.pem',
    'certificates install-root CP1 new-root.pem --old-root old-root.pem',
    'certificates install-root CP1 maker-root.pem --type manufacturer --json',
  ]
  return operationCommand('install-root', shell, examples)
    .description('install a root certificate on a connected charge point, and see that it lists it (M05)')
    .argument('<file>', 'one certificate, PEM or DER')
    .option(typeOption, `what it is trusted for: ${typeText}`)
    .option('--old-root <file>', 'the root that it takes the place of, where the proxy does not know that')
    .option('--no-preflight', 'do not ask the charge point anything before (test tools)')
    .action((identity: string, file: string, options: InstallOptions) =>
      runOperation(shell, options, {
        identity,
        rest: '/root-certificates',
        body: () => ({
          certificateType: typeOf(options.type),
          certificate: certificateOf(file, 'the certificate'),
          ...(options.oldRoot === undefined ? {} : { oldRoot: certificateOf(options.oldRoot, '--old-root') }),
          ...(options.preflight ? {} : { preflight: false }),
        }),
        doing: `installing a root certificate on ${identity}`,
      }),
    )
}
