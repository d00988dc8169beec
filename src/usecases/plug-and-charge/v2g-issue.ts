import type { AuthorityError, IssuedChain } from '../../pki/authority/authority.ts'
import { buildChain } from '../../pki/chain.ts'
import type { Csr } from '../../pki/csr.ts'
import { messageOf } from '../../policy/error.ts'
import type { CertificateFacts } from '../../policy/facts.ts'
import { checkV2gIssued, longV2gLifetime } from '../../policy/v2g-certificate.ts'
import type { UseCaseSession } from '../../relay/use-case.ts'
import type { Asking } from '../certificate-update/asking.ts'
import { readSigned } from '../certificate-update/deliver.ts'
import { issuerKeyOf } from '../certificate-update/judge.ts'
import { keyTypeOf } from '../certificate-update/request.ts'
import { chainSizeProblem, retryDelayMs } from '../certificate-update/rules.ts'
import type { DeliverSigned, V2gAuthority, V2gChange, V2gSigningDeps } from './v2g-signing.ts'

/** A request that was answered Accepted. */
export interface V2gJob {
  readonly session: UseCaseSession
  readonly csr: Csr
  readonly keyFingerprint: string
  readonly stop: AbortController
  readonly deliver: DeliverSigned
}

type IssueDeps = V2gSigningDeps & {
  readonly asking: Asking
  readonly told: (identity: string, change: V2gChange) => void
}

/** Has it signed and hands it on; what goes wrong is noted. Never rejected. */
export async function issueV2g(deps: IssueDeps, service: V2gAuthority, job: V2gJob): Promise<void> {
  const { identity } = job.session.facts
  try {
    const chain = await ask(deps, service, job)
    if (chain === null) return
    const leaf = judge(chain, service, job, deps.clock.now())
    if (typeof leaf === 'string') return fail(deps, identity, `what the authority issued is refused: ${leaf}`)
    const long = longV2gLifetime(leaf)
    if (long !== null) deps.log.warn({ identity, detail: long }, 'a V2G certificate that vehicles may refuse')
    await remember(deps, service, chain, leaf, identity)
    if (job.session.isOpen) await handOn(deps, job, chain)
  } catch (error) {
    fail(deps, identity, messageOf(error))
  }
}

/** null: the session is over, another request took its place, or there is none to be had (and that is noted). */
async function ask(deps: IssueDeps, service: V2gAuthority, job: V2gJob): Promise<IssuedChain | null> {
  const { asking, clock, random } = deps
  const { csr, session, stop } = job
  const { identity } = session.facts
  const until = clock.now() + service.giveUpAfterMs
  const [organization = ''] = csr.facts.organizationNames
  const [serialNumber = ''] = csr.facts.commonNames
  for (let attempts = 1; !stop.signal.aborted; attempts += 1) {
    try {
      const request = { csr, identity, organization, serialNumber, isRenewal: false }
      return await asking.issue(keyTypeOf(csr), request)
    } catch (cause) {
      // `asking` rejects with nothing else.
      const error = cause as AuthorityError
      const wait = retryDelayMs(attempts, error.retryAfterMs, random())
      if (error.failure === 'rejected' || clock.now() + wait > until) {
        fail(deps, identity, error.message)
        return null
      }
      await clock.wait(wait, stop.signal)
    }
  }
  return null
}

/** The leaf, or why the chain is not handed on. */
function judge(
  { certificates, pem }: IssuedChain,
  { roots, minimumLifetimeMs, foreignKeys }: V2gAuthority,
  { keyFingerprint }: V2gJob,
  now: number,
): CertificateFacts | string {
  const [first, ...others] = certificates
  const size = chainSizeProblem(pem, null)
  if (first === undefined || size !== null) return size ?? 'it is empty'
  const chain = buildChain(first, others, { cpo: roots, factory: [] }, now)
  const problems = checkV2gIssued(chain, { keyFingerprint, now, minimumLifetimeMs, foreignKeys })
  return problems.length === 0 ? chain.leaf : problems.join('; ')
}

async function remember(
  { issued, clock }: IssueDeps,
  { roots }: V2gAuthority,
  chain: IssuedChain,
  leaf: CertificateFacts,
  identity: string,
): Promise<void> {
  const authority = issuerKeyOf(chain, roots)
  if (authority === null) return
  const { serialNumber, subject, keyFingerprint, fingerprint, notBefore, notAfter } = leaf
  await issued.record({
    ...{ authority, identity, serialNumber, subject, keyFingerprint, notBefore, notAfter },
    certificateFingerprint: fingerprint,
    issuedAt: clock.now(),
  })
}

async function handOn({ log, note, told }: IssueDeps, job: V2gJob, { pem }: IssuedChain): Promise<void> {
  const { identity, listener, address } = job.session.facts
  const answer = readSigned(await job.deliver(pem))
  log.info({ identity, answer: answer.kind }, 'CertificateSigned for a V2G certificate')
  switch (answer.kind) {
    case 'accepted': {
      told(identity, { kind: 'taken' })
      const techInfo = 'a new V2G certificate was taken [A02.FR.08]'
      return note({ type: 'ReconfigurationOfSecurityParameters', identity, listener, address, techInfo })
    }
    case 'refused': {
      told(identity, { kind: 'refused', detail: answer.detail })
      const techInfo = `the charge point refused its new V2G certificate: ${answer.detail} [A02.FR.07]`
      return note({ type: 'InvalidChargePointCertificate', identity, listener, address, techInfo })
    }
    case 'unknown':
    case 'not-sent':
      // It asks again, if it has not got it.
      return told(identity, { kind: 'unanswered', detail: answer.detail })
    default:
      return answer satisfies never
  }
}

function fail({ log, note, told }: IssueDeps, identity: string, why: string): void {
  told(identity, { kind: 'failed', detail: why })
  log.warn({ identity, err: why }, 'no V2G certificate was issued')
  note({ type: 'CertificateAuthorityFailed', identity, techInfo: `no V2G certificate: ${why} [A02.FR.04]` })
}
