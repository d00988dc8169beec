import type { Command } from 'commander'
import { patchOfRequest } from '../../admin/charge-point-change.ts'
import { chargePointView } from '../../admin/charge-point-view.ts'
import { ProxyError } from '../../policy/error.ts'
import { reservedProblem } from '../../policy/identity.ts'
import type { ChargePointPatch } from '../../store/store.ts'
import { type ApiClient, chargePointPath } from '../api-client.ts'
import { printable } from '../output.ts'
import { type ChangeOptions, changeCommand, withProxyOrStore } from '../proxy-or-store.ts'
import type { Shell } from '../shell.ts'
import { noteChange, usageError } from '../store-command.ts'
import { type ChargePointOptions, onboardingOf, patchOf, requireIdentity } from './options.ts'

const migratingHelp =
  'it may connect on a listener of profile 0, without any authentication, while the fleet is migrated'

const onboardingHelp =
  'certificate or password: it comes with that of its manufacturer, and gets its own before the central system sees it (A00.FR.806)'
const factoryCertificateHelp =
  'fingerprint of the one factory certificate that is good; without it each that names its serial number'

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
  const examples = [
    'charge-points add CP1',
    'charge-points add CP1 --serial S/N0123456789 --profile 3',
    'charge-points add CP1 --serial S/N0123456789 --onboarding certificate',
  ]
  return changeCommand('add', shell, examples)
    .description('register a charge point')
    .argument('<identity>')
    .option('--serial <number>', 'what the CN of its certificate must be (profile 3)')
    .option('--profile <n>', 'keep it on this security profile from the start')
    .option('--legacy-tls', 'it cannot do TLS 1.2 (A00.FR.314)')
    .option('--migrating', migratingHelp)
    .option('--onboarding <via>', onboardingHelp)
    .option('--factory-certificate <sha256>', factoryCertificateHelp)
    .action((identity: string, options: ChangeOptions & ChargePointOptions) => {
      return withProxyOrStore(shell, options, 'create', {
        proxy: async (api) => {
          const body = { identity: requireIdentity(identity), ...requestOf(options) }
          await tell(shell, options, identity, await api.call('POST', '/charge-points', body), 'added')
        },
        store: async (opened) => {
          requireFree(identity, opened.reserved)
          const record = await opened.store.registry.add(
            requireIdentity(identity),
            patchOfRequest(requestOf(options), shell.now()),
          )
          await noteChange(opened, shell, identity, 'charge-points add')
          await tell(shell, options, identity, chargePointView(record), 'added')
        },
      })
    })
}

function setCommand(shell: Shell): Command {
  const examples = [
    'charge-points set CP1 --serial S/N0123456789',
    'charge-points set CP1 --upgrade-to 3',
    'charge-points set CP1 --no-legacy-tls',
    'charge-points set CP1 --no-migrating',
    'charge-points set CP1 --onboarding none',
  ]
  return changeCommand('set', shell, examples)
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
    .option('--migrating', migratingHelp)
    .option('--no-migrating', 'it may not any more')
    .option('--onboarding <via>', `${onboardingHelp}; none ends that`)
    .option('--factory-certificate <sha256>', factoryCertificateHelp)
    .action((identity: string, options: ChangeOptions & ChargePointOptions) =>
      withProxyOrStore(shell, options, 'existing', {
        proxy: (api) => setThrough(api, shell, identity, options),
        store: async ({ store }) => {
          const patch = patchOfRequest(requireRequest(options), shell.now())
          const before = await store.registry.get(identity)
          if (before !== null) checkUpgrade(before.securityProfile, patch)
          const record = await store.registry.update(identity, patch)
          await noteChange({ store }, shell, identity, 'charge-points set')
          warnOfLowering(shell, before?.securityProfile ?? 0, record.securityProfile ?? 0)
          await tell(shell, options, identity, chargePointView(record), 'changed')
        },
      }),
    )
}

function requireFree(identity: string, reserved: string | null): void {
  const problem = reservedProblem(identity, reserved)
  if (problem !== null) throw new ProxyError('identity_invalid', 'operator', problem)
}

async function setThrough(
  api: ApiClient,
  shell: Shell,
  identity: string,
  options: ChangeOptions & ChargePointOptions,
): Promise<void> {
  const patch = requireRequest(options)
  const before = keptProfile(await api.call('GET', chargePointPath(identity)))
  checkUpgrade(before, patch)
  const changed = await api.call('PATCH', chargePointPath(identity), patch)
  warnOfLowering(shell, before ?? 0, keptProfile(changed) ?? 0)
  await tell(shell, options, identity, changed, 'changed')
}

/** What was named, as the admin API takes it. */
function requestOf(options: ChargePointOptions) {
  const onboarding = onboardingOf(options)
  return { ...patchOf(options), ...(onboarding === undefined ? {} : { onboarding }) }
}

function requireRequest(options: ChargePointOptions) {
  const request = requestOf(options)
  if (Object.keys(request).length === 0) throw usageError('nothing to set; see --help')
  return request
}

function keptProfile(answer: unknown): number | null {
  const { securityProfile } = answer as { readonly securityProfile?: unknown }
  return typeof securityProfile === 'number' ? securityProfile : null
}

function warnOfLowering(shell: Shell, before: number, after: number): void {
  if (before > after)
    shell.err('warning: the profile was lowered by hand; a charge point cannot do that (A05.FR.09)\n')
}

/** An upgrade that leads nowhere would be admitted as nothing, and puzzle later. */
function checkUpgrade(
  before: number | null,
  patch: Pick<ChargePointPatch, 'securityProfile' | 'upgradeTo'>,
): void {
  const kept = patch.securityProfile ?? before
  const upgradeTo = patch.upgradeTo ?? null
  if (kept === null || upgradeTo === null || upgradeTo > kept) return
  throw usageError(`--upgrade-to must be higher than profile ${kept}, on which the charge point is kept`)
}

function blockCommand(shell: Shell, blocked: boolean): Command {
  const name = blocked ? 'block' : 'unblock'
  return changeCommand(name, shell, [`charge-points ${name} CP1`])
    .description(
      blocked
        ? 'refuse a charge point from now on; a running proxy ends its session'
        : 'admit a blocked charge point again',
    )
    .argument('<identity>')
    .action((identity: string, options: ChangeOptions) =>
      withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => {
          const changed = await api.call('PATCH', chargePointPath(identity), { blocked })
          await tell(shell, options, identity, changed, `${name}ed`)
        },
        store: async ({ store }) => {
          const record = await store.registry.update(identity, { blocked })
          await noteChange({ store }, shell, identity, `charge-points ${name}`)
          await tell(shell, options, identity, chargePointView(record), `${name}ed`)
        },
      }),
    )
}

function removeCommand(shell: Shell): Command {
  return changeCommand('remove', shell, ['charge-points remove CP1'])
    .description('remove a charge point; its serial number and its keys are free for others then')
    .argument('<identity>')
    .action((identity: string, options: ChangeOptions) =>
      withProxyOrStore(shell, options, 'existing', {
        proxy: async (api) => {
          await api.call('DELETE', chargePointPath(identity))
          await tell(shell, options, identity, { identity, removed: true }, 'removed')
        },
        store: async ({ store }) => {
          if (!(await store.registry.remove(identity))) {
            throw new ProxyError(
              'charge_point_unknown',
              'operator',
              `no charge point ${identity} is registered`,
            )
          }
          await noteChange({ store }, shell, identity, 'charge-points remove')
          await tell(shell, options, identity, { identity, removed: true }, 'removed')
        },
      }),
    )
}

async function tell(
  shell: Shell,
  options: ChangeOptions,
  identity: string,
  result: unknown,
  what: string,
): Promise<void> {
  const json = () => JSON.stringify(result, null, 2)
  await shell.out(options.json ? `${json()}\n` : `${what} ${printable(identity)}\n`)
}
