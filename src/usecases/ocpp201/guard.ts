import type { MessagesConfig } from '../../config/schema.ts'
import { type ActionName201, isActionName201 } from '../../ocpp/actions-201.ts'
import type { MessageSchemas } from '../../ocpp/message-schemas.ts'
import { checkFromCentralSystem } from '../../policy/messages.ts'
import { checkForm201, checkOverProfile201, checkVariables } from '../../policy/messages-201.ts'
import type { Call, UseCase, UseCaseSession, Watch } from '../../relay/use-case.ts'
import { type GuardDeps, guardOf } from '../guard.ts'

export interface Guard201Deps extends GuardDeps {
  readonly schemas: MessageSchemas<ActionName201>
}

/** The guard over sessions of OCPP 2.0.1: the same settings, and what they mean there. */
export function createGuard201(deps: Guard201Deps): UseCase {
  return guardOf(deps, {
    name: 'guard-201',
    protocols: ['ocpp2.0.1'],
    watches: watchesOf(deps.settings()),
    isAction: isActionName201,
    malformedCode: 'FormatViolation',
    verdicts: (call, { facts }, { fromCentralSystem, overInsecureProfiles }) => [
      checkForm201(call, () => problemOf(deps, call)),
      checkFromCentralSystem(call, fromCentralSystem),
      checkVariables(call, fromCentralSystem),
      checkOverProfile201(call, facts.profile, overInsecureProfiles),
    ],
  })
}

function problemOf({ schemas }: Guard201Deps, { action, payload }: Call): string | null {
  const violation = isActionName201(action) ? schemas.check(action, 'call', payload) : null
  return violation === null ? null : `${violation.path} ${violation.problem}`.trimStart()
}

/** Everything only where the lists ask for it: the rest of the traffic is not parsed for us. */
function watchesOf({ fromCentralSystem }: Pick<MessagesConfig, 'fromCentralSystem'>): readonly Watch[] {
  const { allow, deny } = fromCentralSystem
  const fromChargePoint: readonly Watch[] = [
    { direction: 'to-central-system', action: 'SignCertificate', only: isInsecure },
    { direction: 'to-central-system', action: 'DataTransfer', only: isInsecure },
  ]
  const denied = deny.filter(isActionName201)
  if (allow !== undefined || denied.length < deny.length) {
    return [...fromChargePoint, { direction: 'to-charge-point', action: '*' }]
  }
  const always = new Set<ActionName201>(['SetVariables', 'SetNetworkProfile', ...denied])
  return [
    ...fromChargePoint,
    ...[...always].map((action): Watch => ({ direction: 'to-charge-point', action })),
    ...insecure
      .filter((action) => !always.has(action))
      .map((action): Watch => ({ direction: 'to-charge-point', action, only: isInsecure })),
  ]
}

/** On profiles 2 and 3 there is nothing to say against them. */
const insecure = [
  'CertificateSigned',
  'DataTransfer',
  'DeleteCertificate',
  'GetInstalledCertificateIds',
  'InstallCertificate',
  'TriggerMessage',
] as const satisfies readonly ActionName201[]

function isInsecure({ facts }: UseCaseSession): boolean {
  return facts.profile < 2
}
