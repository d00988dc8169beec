import type { Command } from 'commander'
import { ProxyError } from '../../policy/error.ts'
import type { ChargePointPatch, ChargePointRecord } from '../../store/store.ts'
import { printable } from '../output.ts'
import type { Shell } from '../shell.ts'
import { type StoreOptions, storeCommand, usageError, withStore } from '../store-command.ts'
import { type ChargePointOptions, patchOf, requireIdentity } from './options.ts'
import { chargePointView } from './view.ts'

/** The commands that change one charge point. */
export function changeCommands(shell: Shell): readonly Command[] {
  return [
    addCommand(shell),
    setCommand(shell),
    blockCommand(shell, true),
    blockCommand(shell, false),
    removeCommand(shell),
  ]
}

function addCommand(shell: Shell): Command {
  const examples = ['charge-points add CP1', 'charge-points add CP1 --serial S/N0123456789 --profile 3']
  return storeCommand('add', shell, examples)
    .description('register a charge point')
    .argument('<identity>')
    .option('--serial <number>', 'what the CN of its certificate must be (profile 3)')
    .option('--profile <n>', 'keep it on this security profile from the start')
    .option('--legacy-tls', 'it cannot do TLS 1.2 (A00.FR.314)')
    .action((identity: string, options: StoreOptions & ChargePointOptions) =>
      withStore(shell, options, 'create', async ({ store }) => {
        const record = await store.registry.add(requireIdentity(identity), patchOf(options))
        await tell(shell, options, record, 'added')
      }),
    )
}

function setCommand(shell: Shell): Command {
  const examples = [
    'charge-points set CP1 --serial S/N0123456789',
    'charge-points set CP1 --upgrade-to 3',
    'charge-points set CP1 --no-legacy-tls',
  ]
  return storeCommand('set', shell, examples)
    .description('change what is registered for a charge point')
    .argument('<identity>')
    .option('--serial <number>', 'what the CN of its certificate must be; none forgets it')
    .option('--profile <n>', 'keep it on this security profile')
    .option(
      '--upgrade-to <n>',
      'admit this higher profile too, and keep it from its first success on; none ends that',
    )
    .option('--legacy-tls', 'it cannot do TLS 1.2 (A00.FR.314)')
    .option('--no-legacy-tls', 'it can')
    .action((identity: string, options: StoreOptions & ChargePointOptions) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        const patch = patchOf(options)
        if (Object.keys(patch).length === 0) throw usageError('nothing to set; see --help')
        const before = await store.registry.get(identity)
        if (before !== null) checkUpgrade(before, patch)
        const record = await store.registry.update(identity, patch)
        const lowered = (before?.securityProfile ?? 0) > (record.securityProfile ?? 0)
        if (lowered)
          shell.err('warning: the profile was lowered by hand; a charge point cannot do that (A05.FR.09)\n')
        await tell(shell, options, record, 'changed')
      }),
    )
}

/** An upgrade that leads nowhere would be admitted as nothing, and puzzle later. */
function checkUpgrade(before: ChargePointRecord, patch: ChargePointPatch): void {
  const kept = patch.securityProfile ?? before.securityProfile
  const upgradeTo = patch.upgradeTo ?? null
  if (kept === null || upgradeTo === null || upgradeTo > kept) return
  throw usageError(`--upgrade-to must be higher than profile ${kept}, on which the charge point is kept`)
}

function blockCommand(shell: Shell, blocked: boolean): Command {
  const name = blocked ? 'block' : 'unblock'
  return storeCommand(name, shell, [`charge-points ${name} CP1`])
    .description(blocked ? 'refuse a charge point from now on' : 'admit a blocked charge point again')
    .argument('<identity>')
    .action((identity: string, options: StoreOptions) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        const record = await store.registry.update(identity, { blocked })
        await tell(shell, options, record, `${name}ed`)
      }),
    )
}

function removeCommand(shell: Shell): Command {
  return storeCommand('remove', shell, ['charge-points remove CP1'])
    .description('remove a charge point; its serial number and its keys are free for others then')
    .argument('<identity>')
    .action((identity: string, options: StoreOptions) =>
      withStore(shell, options, 'existing', async ({ store }) => {
        if (!(await store.registry.remove(identity))) {
          throw new ProxyError(
            'charge_point_unknown',
            'operator',
            `no charge point ${identity} is registered`,
          )
        }
        await shell.out(
          options.json
            ? `${JSON.stringify({ identity, removed: true })}\n`
            : `removed ${printable(identity)}\n`,
        )
      }),
    )
}

async function tell(
  shell: Shell,
  options: StoreOptions,
  record: ChargePointRecord,
  what: string,
): Promise<void> {
  const json = () => JSON.stringify(chargePointView(record), null, 2)
  await shell.out(options.json ? `${json()}\n` : `${what} ${printable(record.identity)}\n`)
}
