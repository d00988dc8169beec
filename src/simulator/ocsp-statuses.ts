import type { X509Certificate } from 'node:crypto'
import type { Payload } from '../ocpp/message.ts'
import { certificateHashData } from '../pki/hash-data.ts'
import { revocationSources } from '../pki/revocation/sources.ts'

/** What a charge point hands to vehicles about its V2G certificates (M06). */
export interface OcspStatuses {
  /** ocspResult by subject of the certificate. */
  readonly results: ReadonlyMap<string, string>
  /**
   * M06.FR.07: asks anew about its certificate and the intermediate ones, one after the other; the old answers
   * go. `roots` may have issued the last one.
   */
  refresh(chain: readonly X509Certificate[], roots: readonly X509Certificate[]): Promise<void>
}

export interface OcspStatusesDeps {
  readonly ask: (message: 'GetCertificateStatus', data: Payload) => Promise<Payload | null>
  readonly note: (detail: string) => void
}

export function createOcspStatuses({ ask, note }: OcspStatusesDeps): OcspStatuses {
  const results = new Map<string, string>()
  return {
    results,
    async refresh(chain, roots) {
      results.clear()
      for (const certificate of chain) {
        const issuer = [...chain, ...roots].find((one) => one !== certificate && certificate.checkIssued(one))
        const [responderURL] = revocationSources(certificate).ocsp
        // Without the URL it cannot work (M06, remark 8).
        if (issuer === undefined || responderURL === undefined) continue
        const ocspRequestData = { ...certificateHashData(certificate, issuer), responderURL }
        const answer = await ask('GetCertificateStatus', { ocspRequestData })
        if (answer?.status === 'Accepted' && typeof answer.ocspResult === 'string')
          results.set(certificate.subject, answer.ocspResult)
        else note(`no OCSP status of ${certificate.subject.replaceAll('\n', ', ')}`)
      }
    },
  }
}
