import { isInstallable, type RootProblem, rootProblems } from '../../policy/root-certificate.ts'
import type { InstalledRoot } from '../../store/store.ts'
import { callOptions, failure, type Operation, operate, refusedOver } from '../operation/context.ts'
import type { ChargePointOperations, InstallRootOptions, OperationOutcome } from '../operation/operation.ts'
import { type ChangeRootAnswer, readChange } from './answers.ts'
import { callAboutRoots, nameOfType } from './call.ts'
import type { RootConfiguration } from './configuration.ts'
import { domainProblem } from './domains.ts'
import { problemsOfRoot, type Root, readRoot } from './root.ts'
import { installProblem } from './rules.ts'
import { askConfiguration, type Failure, isFailure, listInstalled, type RootOperationDeps } from './steps.ts'

/** M05 by an operator or a campaign: checked before it is sent, and verified by M03 afterwards. */
export function installRootOperation(deps: RootOperationDeps): ChargePointOperations['installRoot'] {
  return (identity, options) =>
    operate(deps, 'install-root', identity, options, (operation) => install(deps, operation, options))
}

async function install(
  deps: RootOperationDeps,
  operation: Operation,
  options: InstallRootOptions,
): Promise<OperationOutcome> {
  const refused = refusedOver(deps, 'certificates', operation.session)
  if (refused !== null) return refused
  if (!isInstallable(options.certificateType))
    return failure(
      'prerequisite',
      'a V2GCertificateChain is no root: the charge point gets it by CertificateSigned',
    )
  const problems = problemsOfRoot(options.certificate, deps.clock.now())
  if (problems.length > 0) return wrong(problems)
  const root = readRoot(options.certificate)
  if ('code' in root) return wrong([root])
  const crossed = domainProblem(root, options.certificateType, deps)
  if (crossed !== null) return wrong([crossed])
  const old = options.oldRoot === undefined ? null : readRoot(options.oldRoot)
  if (old !== null && 'code' in old) return wrong([old], 'the old root: ')
  // Before it is sent: after a crash its hash data must still mean something.
  for (const one of [old, root]) if (one !== null) await deps.known.add(one)
  const before = options.preflight === false ? nothingAsked : await lookBefore(deps, operation, options)
  if (isFailure(before)) return before
  if (isThere(root, before.installed)) return { ok: true, detail: 'it has this root certificate already' }
  const problem = installProblem({
    certificateType: options.certificateType,
    root,
    additionalCheck: before.configuration.additionalCheck,
    installed: before.installed,
    known: await deps.known.all(),
  })
  if (problem !== null) return wrong([problem])
  return send(deps, operation, options, root, before)
}

interface Before {
  readonly configuration: RootConfiguration
  /** null: not asked. */
  readonly installed: readonly InstalledRoot[] | null
}

const nothingAsked: Before = {
  configuration: { additionalCheck: null, storeMaxLength: null },
  installed: null,
}

async function lookBefore(
  deps: RootOperationDeps,
  operation: Operation,
  { certificateType }: InstallRootOptions,
): Promise<Before | Failure> {
  const configuration = await askConfiguration(deps, operation)
  if (isFailure(configuration)) return configuration
  const installed = await listInstalled(deps, operation, certificateType)
  if (!isFailure(installed)) return { configuration, installed }
  // Nothing but questions went out so far.
  const code = installed.code === 'no_answer' ? 'not_sent' : installed.code
  return failure(code, `${installed.detail}; the certificate was not sent`)
}

function isThere({ facts }: Root, installed: readonly InstalledRoot[] | null): boolean {
  return installed?.some(({ fingerprint }) => fingerprint === facts.fingerprint) === true
}

/** What is wrong, all of it, and what to do about the first. */
function wrong(problems: readonly RootProblem[], what = ''): Failure {
  const [first] = problems
  const found = problems.map(({ code, detail }) => `${detail} (${code})`).join('; ')
  const hint = first === undefined ? '' : `. ${rootProblems[first.code].hint}`
  return failure('prerequisite', `${what}${found}${hint}`)
}

async function send(
  deps: RootOperationDeps,
  operation: Operation,
  { certificateType }: InstallRootOptions,
  root: Root,
  before: Before,
): Promise<OperationOutcome> {
  const { identity, session } = operation
  const outcome = await callAboutRoots(
    session,
    certificateType,
    'InstallCertificate',
    { certificateType: nameOfType(session, certificateType), certificate: root.pem },
    callOptions(deps, operation),
  )
  const answer = readChange(outcome)
  const refusal = refusalOf(answer, before)
  if (refusal !== null) return refusal
  const installed = await listInstalled(deps, operation, certificateType, [root])
  const isShown = !isFailure(installed) && isThere(root, installed)
  if (isShown) {
    const { fingerprint } = root.facts
    const techInfo = `${certificateType} installed and listed: SHA-256 ${fingerprint.slice(0, 16)}… (M05)`
    deps.note({ type: 'ReconfigurationOfSecurityParameters', identity, techInfo })
    return { ok: true, detail: 'it has installed the root certificate, and lists it' }
  }
  return unproven(answer, installed, root)
}

/** It was not installed, or nobody will hear; null: it may have been. */
function refusalOf(answer: ChangeRootAnswer, { configuration, installed }: Before): Failure | null {
  switch (answer.kind) {
    case 'accepted':
    case 'unknown':
      return null
    case 'rejected': {
      const { storeMaxLength } = configuration
      const counted = storeMaxLength !== null && installed !== null
      const room = counted
        ? `; it holds ${installed.length} of this type, and ${storeMaxLength} in all at most`
        : ''
      return failure(
        'refused',
        `it answered Rejected: its store is full, or it finds the certificate invalid${room}`,
      )
    }
    case 'failed-there':
      return failure('refused', 'it answered Failed: it could not install the certificate')
    case 'not-found':
      return failure('error_answer', 'it answered NotFound, which InstallCertificate does not know')
    case 'failed':
      return failure(answer.code, answer.detail)
    default:
      return answer satisfies never
  }
}

function unproven(
  answer: ChangeRootAnswer,
  installed: readonly InstalledRoot[] | Failure,
  { facts }: Root,
): Failure {
  const wasSaid = answer.kind === 'accepted' ? 'it answered Accepted' : 'its answer says nothing'
  const code = answer.kind === 'accepted' ? 'not_verified' : 'no_answer'
  if (isFailure(installed)) {
    // A line that was lost may be back soon: then it is looked at again.
    const isLost = installed.code === 'not_sent' || installed.code === 'no_answer'
    return failure(isLost ? 'no_answer' : code, `${wasSaid}; ${installed.detail}`)
  }
  const isSimilar = installed.some(
    ({ hashData }) => hashData.serialNumber.replace(/^0+(?=.)/, '').toUpperCase() === facts.serialNumber,
  )
  const shown = isSimilar
    ? 'lists one with its serial number and hashes that are not those of the standard'
    : `does not list it among its ${installed.length}`
  return failure(code, `${wasSaid}, and it ${shown}`)
}
