import type { Command } from 'commander'
import { type FirmwareUpdateAnswer, firmwareUpdateView } from '../../admin/firmware-view.ts'
import { ProxyError } from '../../policy/error.ts'
import { chargePointPath } from '../api-client.ts'
import { type OperationCommandOptions, operationCommand, runOperation } from '../operation-command.ts'
import { fields } from '../output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { type FirmwareRequestOptions, firmwareRequest } from './request.ts'

type UpdateOptions = OperationCommandOptions & FirmwareRequestOptions

/** `firmware update`: SignedUpdateFirmware to one charge point. */
export function updateCommand(shell: Shell): Command {
  const examples = [
    'firmware update CP1 v2',
    'firmware update CP1 v2 --at 2026-12-01T02:00:00Z --install-at 2026-12-01T03:00:00Z',
    'firmware update CP1 v2 --timeout 600 --json',
  ]
  return operationCommand('update', shell, examples)
    .description('have a connected charge point install an image of the catalogue, and see how it ends (L01)')
    .argument('<name>', 'of the image')
    .option('--location <url>', 'the very one, where the location of the entry has a *')
    .option('--at <time>', 'fetch it not before this time; now unless given')
    .option('--install-at <time>', 'install it not before this time; when it can unless given')
    .option('--retries <n>', 'how often the charge point tries to fetch it')
    .option('--retry-interval <seconds>', 'between two tries')
    .action((identity: string, name: string, options: UpdateOptions) =>
      runOperation(shell, options, {
        identity,
        rest: '/firmware',
        body: () => ({ ...firmwareRequest(name, options) }),
        doing: `updating the firmware of ${identity}`,
      }),
    )
}

/** `firmware status`: how the last update of a charge point stands. */
export function statusCommand(shell: Shell): Command {
  return changeCommand('status', shell, ['firmware status CP1', 'firmware status CP1 --json'])
    .description('show how the last signed update of a charge point stands')
    .argument('<identity>')
    .action((identity: string, options: ChangeOptions) =>
      withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) =>
          tell(
            shell,
            options,
            (await api.call('GET', chargePointPath(identity, '/firmware'))) as FirmwareUpdateAnswer,
          ),
        store: async ({ store: { registry, firmware } }) => {
          if ((await registry.get(identity)) === null) {
            const message = `no charge point ${identity} is registered`
            throw new ProxyError('charge_point_unknown', 'operator', message)
          }
          await tell(shell, options, firmwareUpdateView(identity, await firmware.updateOf(identity)))
        },
      }),
    )
}

async function tell(shell: Shell, { json }: ChangeOptions, update: FirmwareUpdateAnswer): Promise<void> {
  if (json) return shell.out(`${JSON.stringify(update, null, 2)}\n`)
  const signed = update.signed === null ? 'not known yet' : update.signed ? 'yes' : 'no'
  await shell.out(
    fields([
      ['signed updates (L01)', signed],
      ['firmware', update.firmware ?? '-'],
      ['location', update.location ?? '-'],
      ['asked for by', update.origin ?? '-'],
      ['begun', update.startedAt ?? '-'],
      ['request', update.requestId === null ? '-' : String(update.requestId)],
      ['taken', update.accepted === null ? 'not known yet' : update.accepted ? 'yes' : 'no'],
      ['status', update.status ?? 'none so far'],
    ]),
  )
}
