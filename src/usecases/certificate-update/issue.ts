import type { AuthorityError, IssuedChain } from '../../pki/authority/authority.ts'
import { readCsr } from '../../pki/csr.ts'
import { messageOf } from '../../policy/error.ts'
import type { RenewalRecord } from '../../store/store.ts'
import { type CertificateUpdateContext, stepRenewal } from './context.ts'
import { issuedRecord, issuerKeyOf, judgeIssued } from './judge.ts'
import { retryDelayMs } from './rules.ts'

/** Has the authority sign a request that was accepted, and writes down what came of it (A02.FR.04). */
export async function issue(context: CertificateUpdateContext, renewal: RenewalRecord): Promise<void> {
  const reading = readCsr(renewal.csr)
  if (!reading.ok) return fail(context, renewal, 'the stored request cannot be read')
  const { identity, organization, serialNumber, keyType, previousFingerprint } = renewal
  const isRenewal = previousFingerprint !== null
  let chain: IssuedChain
  try {
    const request = { csr: reading.csr, identity, organization, serialNumber, isRenewal }
    chain = await context.asking.issue(keyType, request)
  } catch (error) {
    return failed(context, renewal, error as AuthorityError)
  }
  await take(context, renewal, chain)
}

async function take(
  context: CertificateUpdateContext,
  renewal: RenewalRecord,
  chain: IssuedChain,
): Promise<void> {
  const { settings, trust, clock, issued } = context
  const now = clock.now()
  const { minimumLifetimeMs } = settings()
  const judgement = judgeIssued(chain, renewal, {
    trust: trust(),
    minimumLifetimeMs,
    now,
  })
  if (!judgement.ok)
    return fail(context, renewal, `what the authority issued is not handed on: ${judgement.problem}`)
  const { leaf } = judgement
  const authority = issuerKeyOf(chain, trust())
  if (authority !== null) await issued.record(issuedRecord(leaf, renewal, { authority, now }))
  const { fingerprint: certificateFingerprint, notAfter } = leaf
  const detail = 'issued; to be sent'
  const patch = { phase: 'issued', chain: chain.pem, certificateFingerprint, notAfter, detail } as const
  await stepRenewal(context, renewal, { ...patch, attempts: renewal.attempts + 1, nextAttemptAt: null })
}

async function failed(
  context: CertificateUpdateContext,
  renewal: RenewalRecord,
  error: AuthorityError,
): Promise<void> {
  const { clock, settings, random, stopping } = context
  // The next process asks again.
  if (stopping.aborted) return
  const attempts = renewal.attempts + 1
  const why = messageOf(error)
  if (error.failure === 'rejected') return fail(context, renewal, why)
  const now = clock.now()
  const nextAttemptAt = now + retryDelayMs(attempts, error.retryAfterMs, random())
  if (nextAttemptAt > renewal.startedAt + settings().giveUpAfterMs)
    return fail(context, renewal, `given up after ${attempts} attempts: ${why}`)
  if (attempts === 1) {
    const techInfo = `the request of the charge point waits: ${why} [A02.FR.04]`
    context.note({ type: 'CertificateAuthorityFailed', identity: renewal.identity, techInfo })
  }
  await stepRenewal(context, renewal, { attempts, nextAttemptAt, detail: why })
}

/** For good: nothing is sent, and the old certificate stays. */
async function fail(context: CertificateUpdateContext, renewal: RenewalRecord, why: string): Promise<void> {
  const { identity, attempts } = renewal
  const patch = { phase: 'failed', attempts: attempts + 1, nextAttemptAt: null, detail: why } as const
  if ((await stepRenewal(context, renewal, patch)) === null) return
  context.counted('failed')
  const techInfo = `no new certificate: ${why}; the old one stays valid [A02.FR.04]`
  context.note({ type: 'CertificateAuthorityFailed', identity, techInfo })
  context.log.warn({ identity, err: why }, 'no certificate was issued')
}
