import assert from 'node:assert/strict'
import { certificateHashData, type HashAlgorithm } from '../../../src/pki/hash-data.ts'
import type { RootHashData } from '../../../src/policy/root-certificate.ts'
import type { Answer, CallOutcome } from '../../../src/relay/use-case.ts'
import type { Authority } from '../../support/authority.ts'
import { makeAuthority } from '../../support/authority.ts'
import type { FakeSession } from '../../support/fake-session.ts'

/** The clock of operations stands a little after the epoch: roots must be valid there. */
const validity = { notBefore: 0, notAfter: Date.UTC(2040, 0) }

export const rootOf = (name: string, options: Parameters<typeof makeAuthority>[0] = {}): Promise<Authority> =>
  makeAuthority({ ...validity, name, ...options })

/** A root that `old` has signed: what AdditionalRootCertificateCheck asks for (M05.FR.10). */
export const signedBy = (old: Authority, name: string): Promise<Authority> =>
  old.intermediate({ ...validity, name })

export const hashDataOf = (
  root: Authority,
  issuer: Authority = root,
  algorithm: HashAlgorithm = 'SHA256',
): RootHashData => certificateHashData(root.x509, issuer.x509, algorithm)

export const result = (payload: Record<string, unknown>): Answer => ({ kind: 'result', payload })

/** GetInstalledCertificateIds.conf. */
export const listed = (...certificateHashData: readonly unknown[]): Answer =>
  result(
    certificateHashData.length === 0 ? { status: 'NotFound' } : { status: 'Accepted', certificateHashData },
  )

/** GetConfiguration.conf. */
export const configured = (keys: Readonly<Record<string, unknown>> = {}): Answer =>
  result({
    configurationKey: Object.entries(keys).map(([key, value]) => ({ key, readonly: true, value })),
    unknownKey: [],
  })

/** Answers the CALLs as they come; each must be the one that is named. */
export async function script(
  session: FakeSession,
  ...answers: readonly (readonly [action: string, outcome: CallOutcome])[]
): Promise<void> {
  for (const [action, outcome] of answers) {
    const call = await session.outcome(outcome)
    assert.deepEqual([call.to, call.action], ['charge-point', action])
  }
}

export const operator = { origin: 'operator', timeoutMs: 60_000 } as const
export const central = { certificateType: 'CentralSystemRootCertificate' } as const
export const maker = { certificateType: 'ManufacturerRootCertificate' } as const
