import type { HelloFacts } from '../../policy/facts.ts'
import { legacySuites, offersMandatoryPair } from '../../policy/tls-suites.ts'

/**
 * Does the charge point offer what it must (A00.FR.318, A00.FR.422)? From TLS 1.2 on that is one of
 * the two GCM pairs; for a charge point that is limited to TLS 1.0 or 1.1 it is
 * TLS_RSA_WITH_AES_128_CBC_SHA, since GCM needs TLS 1.2 (RFC 5288 4). TLS 1.3 suites count for
 * neither, and SSL 3.0 is never enough.
 */
export function offersMandatorySuites(hello: Pick<HelloFacts, 'highestVersion' | 'cipherSuites'>): boolean {
  switch (hello.highestVersion) {
    case 'SSLv3':
      return false
    case 'TLSv1':
    case 'TLSv1.1':
      return legacySuites.every((one) => hello.cipherSuites.includes(one.suite))
    case 'TLSv1.2':
    case 'TLSv1.3':
      return offersMandatoryPair(hello.cipherSuites)
  }
}
