import { test } from 'node:test'
import { DEFAULT_CIPHERS } from 'node:tls'
import type { CheckMode, ReasonCode } from '../../src/policy/reasons.ts'
import type { ClientTlsOptions } from '../../src/simulator/tls-options.ts'
import type { Issued } from './authority.ts'
import { startProxy } from './proxy.ts'
import type { Pki } from './proxy-config.ts'
import { assertRefused, assertServed, refusalOf } from './refused.ts'

export interface CertificateCase {
  readonly what: string
  readonly issue: (pki: Pki) => Promise<Issued>
  readonly detail: RegExp
  readonly tls?: ClientTlsOptions
}

/** A client context that takes keys and signatures which the proxy must not. */
export const careless = { ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=0` } as const

/** The simulator's words for a connection that ends after the handshake, before any HTTP (TC_A_08). */
export const closedBeforeHttp = {
  stage: 'tls',
  detail: 'closed after handshake, before HTTP',
  httpStatus: null,
  tlsAlert: null,
} as const

/**
 * One behaviour: certificates that are wrong in one way are refused before HTTP on TLS 1.2 and 1.3,
 * and a right one is served afterwards.
 */
export function certificateIsRefused(
  sentence: string,
  ids: string,
  reason: ReasonCode,
  cases: readonly CertificateCase[],
  checks: Readonly<Record<string, CheckMode>> = {},
): void {
  test(sentence, async (t) => {
    const proxy = await startProxy(t, { admission: { checks } })
    await proxy.register('CP-1')
    for (const { what, issue, detail, tls } of cases) {
      const issued = await issue(proxy.pki)
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        await t.test(`${ids} ${what}, ${maxVersion}`, async () => {
          await assertRefused(proxy, {
            reason,
            listener: 'mutual-tls',
            attempt: () =>
              refusalOf(proxy.withCertificate(issued, { tls: { ...careless, ...tls, maxVersion } })),
            client: closedBeforeHttp,
            // No HTTP was read, so nobody has said who he is.
            record: { identity: null, event: 'InvalidChargePointCertificate' },
            detail,
          })
        })
      }
    }
    await t.test(`${ids} and a right certificate is served afterwards`, async () => {
      await assertServed(proxy, proxy.withCertificate(await proxy.pki.cpo.chargePoint()))
    })
  })
}
