import type { RootCertificateType } from '../../policy/root-certificate.ts'
import type { InstalledRoot, RootStore } from '../../store/store.ts'
import { getSecurityVariables } from '../ocpp201/security-variables.ts'
import { callOptions, failure, type Operation, type OperationDeps } from '../operation/context.ts'
import type { OperationOutcome } from '../operation/operation.ts'
import { readInstalled } from './answers.ts'
import { callAboutRoots, is201, listPayload, nameOfType, tellsTypes } from './call.ts'
import {
  type RootConfiguration,
  readRootConfiguration,
  readRootVariables,
  rootConfigurationKeys,
  rootConfigurationVariables,
} from './configuration.ts'
import type { TrustDomains } from './domains.ts'
import type { KnownRoots } from './known-roots.ts'
import { type Root, rootOfHashData } from './root.ts'
import type { ServerChain } from './served.ts'

export interface RootOperationDeps extends OperationDeps, TrustDomains {
  readonly roots: RootStore
  readonly known: KnownRoots
  /** What the listeners show now. */
  readonly serverChains: () => readonly ServerChain[]
}

export type Failure = OperationOutcome & { readonly ok: false }

/** M03: asks for one type, and stores what came. */
export async function listInstalled(
  deps: RootOperationDeps,
  operation: Operation,
  certificateType: RootCertificateType,
  /** Known beside those of the store. */
  more: readonly Root[] = [],
): Promise<readonly InstalledRoot[] | Failure> {
  const { identity, session } = operation
  const answer = readInstalled(
    await callAboutRoots(
      session,
      certificateType,
      'GetInstalledCertificateIds',
      listPayload(session, certificateType),
      callOptions(deps, operation),
    ),
    tellsTypes(session, certificateType) ? nameOfType(session, certificateType) : null,
  )
  if (answer.kind === 'failed') {
    return failure(answer.code, `GetInstalledCertificateIds: ${answer.detail}`)
  }
  const known = [...more, ...(await deps.known.all())]
  const roots: InstalledRoot[] = []
  for (const reported of answer.roots) {
    const root = rootOfHashData(reported.hashData, known)
    if (root !== null) await deps.known.met(root)
    roots.push({ ...reported, fingerprint: root?.facts.fingerprint ?? null })
  }
  await deps.roots.replaceInventory(identity, { certificateType, reportedAt: deps.clock.now(), roots })
  return roots
}

/** AdditionalRootCertificateCheck and CertificateStoreMaxLength of the charge point. */
export async function askConfiguration(
  deps: RootOperationDeps,
  operation: Operation,
): Promise<RootConfiguration | Failure> {
  const { session } = operation
  const options = callOptions(deps, operation)
  const configuration = is201(session)
    ? readRootVariables(
        await session.callChargePoint(
          'GetVariables',
          getSecurityVariables(rootConfigurationVariables),
          options,
        ),
      )
    : readRootConfiguration(
        await session.callChargePoint('GetConfiguration', { key: [...rootConfigurationKeys] }, options),
      )
  if (configuration !== null) return configuration
  const action = is201(session) ? 'GetVariables' : 'GetConfiguration'
  return failure('not_sent', `${action} has no answer; the certificate was not sent`)
}

export function isFailure(value: object): value is Failure {
  return 'ok' in value && value.ok === false
}
