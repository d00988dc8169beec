import type { CallMessage, Payload } from '../ocpp/message.ts'
import { issuerFromPem } from '../pki/authority/issuer.ts'
import { createLocalAuthority } from '../pki/authority/local.ts'
import { readCsr } from '../pki/csr.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import type { Answer, CallOutcome } from './endpoint.ts'

/** Signs a request in PEM; the chain in PEM, leaf first. Rejected for what it cannot sign. */
export type SignCsr = (csr: string, identity: string) => Promise<string>

const lifetimeMs = 365 * 86_400_000

/**
 * A central system that signs whatever reaches it: judging is the proxy's part. Nothing is kept of it.
 * @throws ProxyError of `issuerFromPem`.
 */
export function createSigner(certificates: string, key: string): SignCsr {
  const authority = createLocalAuthority({
    name: 'simulator',
    issuer: issuerFromPem({ certificates, key, passphrase: null }),
    lifetimeMs,
    index: { record: async () => {}, find: async () => null, revoked: async () => [] },
    now: Date.now,
  })
  return async (csr, identity) => {
    const reading = readCsr(csr)
    if (!reading.ok) throw new ProxyError('csr_unreadable', 'charge-point', reading.problem.detail)
    const [organization = ''] = reading.csr.facts.organizationNames
    const [serialNumber = ''] = reading.csr.facts.commonNames
    const request = { csr: reading.csr, identity, organization, serialNumber, isRenewal: true }
    return (await authority.issue(request, new AbortController().signal)).pem
  }
}

export interface CsmsSigningDeps {
  readonly sign: SignCsr
  readonly send: (identity: string, action: string, payload: Payload) => Promise<CallOutcome>
  readonly note: (identity: string, detail: string) => void
}

/** SignCertificate of OCPP 2.0.1: Accepted, and CertificateSigned of the same type behind it (A02.FR.11). */
export function answerSignCertificate(
  { sign, send, note }: CsmsSigningDeps,
  identity: string,
  { payload: { csr, certificateType } }: CallMessage,
): Answer {
  const afterwards = (): void => {
    const signed = async (): Promise<void> => {
      const certificateChain = await sign(String(csr), identity)
      const type = certificateType === undefined ? {} : { certificateType }
      const outcome = await send(identity, 'CertificateSigned', { certificateChain, ...type })
      const status = outcome.kind === 'result' ? String(outcome.payload.status) : outcome.kind
      note(identity, `CertificateSigned: ${status}`)
    }
    signed().catch((error: unknown) => note(identity, `no certificate was signed: ${messageOf(error)}`))
  }
  return { kind: 'result', payload: { status: 'Accepted' }, afterwards }
}
