import { hashDataKey } from '../../pki/hash-data.ts'
import type { InstalledRoot } from '../../store/store.ts'
import { callOptions, failure, type Operation, operate, refusedOver } from '../operation/context.ts'
import type { ChargePointOperations, DeleteRootOptions, OperationOutcome } from '../operation/operation.ts'
import { readChange } from './answers.ts'
import { callAboutRoots } from './call.ts'
import { type Root, readRoot } from './root.ts'
import { isLast, rootsOfType, selectRoot } from './rules.ts'
import { strandedBy } from './served.ts'
import { type Failure, isFailure, listInstalled, type RootOperationDeps } from './steps.ts'

/** M04 by an operator or a campaign: by the hash data that the charge point reported itself. */
export function deleteRootOperation(deps: RootOperationDeps): ChargePointOperations['deleteRoot'] {
  return (identity, options) =>
    operate(deps, 'delete-root', identity, options, (operation) => remove(deps, operation, options))
}

async function remove(
  deps: RootOperationDeps,
  operation: Operation,
  options: DeleteRootOptions,
): Promise<OperationOutcome> {
  const refused = refusedOver(deps, 'certificates', operation.session)
  if (refused !== null) return refused
  const wanted = 'certificate' in options.root ? readRoot(options.root.certificate) : null
  if (wanted !== null && 'code' in wanted) {
    return failure('prerequisite', `${wanted.detail} (${wanted.code})`)
  }
  const installed = await present(deps, operation, options, wanted)
  if (isFailure(installed)) return installed
  const selection = selectRoot(installed, options.root, wanted, await deps.known.all())
  switch (selection.kind) {
    case 'none':
      return failure('not_found', 'it lists no such certificate')
    case 'unclear':
      return failure('prerequisite', selection.detail)
    case 'found': {
      const danger = await dangerOf(deps, options, selection.root, installed, wanted)
      if (danger !== null) return failure('prerequisite', `${danger} (only by force)`)
      return send(deps, operation, options, selection.root)
    }
    default:
      return selection satisfies never
  }
}

/** Why the charge point could not come back without this root, as far as anybody can say; null: it could. */
async function dangerOf(
  deps: RootOperationDeps,
  { certificateType, force }: DeleteRootOptions,
  chosen: InstalledRoot,
  installed: readonly InstalledRoot[],
  wanted: Root | null,
): Promise<string | null> {
  if (certificateType !== 'CentralSystemRootCertificate' || force === true) return null
  if (isLast(chosen, installed)) {
    return 'it is its last CentralSystemRootCertificate: without one it could connect to nobody'
  }
  const known = [...(wanted === null ? [] : [wanted]), ...(await deps.known.all())]
  const root = known.find(({ facts }) => facts.fingerprint === chosen.fingerprint)
  if (root === undefined) return null
  const left = known.filter(({ facts }) =>
    installed.some(
      ({ fingerprint }) => fingerprint === facts.fingerprint && fingerprint !== chosen.fingerprint,
    ),
  )
  const server = strandedBy(root, left, deps.serverChains(), deps.clock.now())
  return server === null
    ? null
    : `the proxy shows a certificate (${server}) that leads to this root, and to none of the others that it lists and the proxy knows`
}

/** What it holds now; without a preflight, what it said last. */
async function present(
  deps: RootOperationDeps,
  operation: Operation,
  { certificateType, preflight }: DeleteRootOptions,
  wanted: Root | null,
): Promise<readonly InstalledRoot[] | Failure> {
  if (preflight === false) {
    const stored = rootsOfType(await deps.roots.inventory(operation.identity), certificateType)
    return stored ?? failure('prerequisite', 'it was never asked what it holds: ask first')
  }
  const listed = await listInstalled(deps, operation, certificateType, wanted === null ? [] : [wanted])
  // Nothing but a question went out so far.
  return isFailure(listed) && listed.code === 'no_answer'
    ? failure('not_sent', `${listed.detail}; nothing was deleted`)
    : listed
}

async function send(
  deps: RootOperationDeps,
  operation: Operation,
  { certificateType }: DeleteRootOptions,
  root: InstalledRoot,
): Promise<OperationOutcome> {
  const { identity, session } = operation
  const answer = readChange(
    await callAboutRoots(
      session,
      certificateType,
      'DeleteCertificate',
      // Letter for letter what it reported, algorithm included (M04.FR.07).
      { certificateHashData: { ...root.hashData } },
      callOptions(deps, operation),
    ),
  )
  switch (answer.kind) {
    case 'rejected':
      return failure('refused', 'it answered Rejected, which DeleteCertificate does not know')
    case 'failed-there':
      return failure('refused', 'it answered Failed: it could not delete the certificate, or uses it now')
    case 'not-found':
      return failure('not_found', 'it answered NotFound: it does not have the certificate any more')
    case 'failed':
      return failure(answer.code, answer.detail)
    case 'accepted':
    case 'unknown':
      break
    default:
      return answer satisfies never
  }
  const left = await listInstalled(deps, operation, certificateType)
  const wasSaid = answer.kind === 'accepted' ? 'it answered Accepted' : answer.detail
  const code = answer.kind === 'accepted' ? 'not_verified' : 'no_answer'
  if (isFailure(left)) {
    const isLost = left.code === 'not_sent' || left.code === 'no_answer'
    return failure(isLost ? 'no_answer' : code, `${wasSaid}; ${left.detail}`)
  }
  const key = hashDataKey(root.hashData)
  if (left.some(({ hashData }) => hashDataKey(hashData) === key)) {
    return failure(code, `${wasSaid}, and it still lists the certificate`)
  }
  const { hashAlgorithm, serialNumber } = root.hashData
  const techInfo = `${certificateType} deleted and no longer listed: serial number ${serialNumber}, ${hashAlgorithm} (M04)`
  deps.note({ type: 'ReconfigurationOfSecurityParameters', identity, techInfo })
  return { ok: true, detail: `it has deleted the root certificate; it lists ${left.length} of this type now` }
}
