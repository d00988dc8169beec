import type { ListenerConfig } from '../config/schema.ts'
import type { CertificateFacts, HelloFacts } from '../policy/facts.ts'
import type { ConnectionFacts } from './connection.ts'
import { cipherSuiteName, groupName, signatureSchemeName } from './hello/code-points.ts'

/** A hostile ClientHello may name hundreds of suites; a record keeps the first ones. */
const maxNames = 64

/**
 * What a rejection record keeps of a connection: enough for an operator to act on
 * (policy/hint-facts reads it), bounded, and never a secret.
 */
export function storedFacts(
  listener: ListenerConfig,
  facts: ConnectionFacts,
): Readonly<Record<string, unknown>> {
  const { hello, tls, chain, chargePoint, remote } = facts
  return {
    listener: {
      legacy: listener.tls?.legacy ?? false,
      path: listener.path,
      protocols: listener.protocols,
    },
    ...(remote.proxied ? { proxied: true } : {}),
    ...(hello === null
      ? {}
      : { ja4: hello.ja4, serverName: hello.serverName, helloNames: helloNames(hello) }),
    ...(tls === null ? {} : { tls }),
    ...(chain === null ? {} : { certificate: certificateSummary(chain.leaf), anchor: chain.anchor }),
    ...(chargePoint === null
      ? {}
      : {
          chargePoint: {
            serialNumber: chargePoint.serialNumber,
            legacyTls: chargePoint.legacyTls,
            securityProfile: chargePoint.securityProfile,
            upgradeTo: chargePoint.upgradeTo,
            migrating: chargePoint.migrating,
          },
        }),
  }
}

function helloNames(hello: HelloFacts) {
  const names = (codes: readonly number[], name: (code: number) => string) =>
    codes.slice(0, maxNames).map(name)
  return {
    version: hello.highestVersion,
    cipherSuites: names(hello.cipherSuites, cipherSuiteName),
    groups: names(hello.groups, groupName),
    signatureAlgorithms:
      hello.signatureAlgorithms === null ? null : names(hello.signatureAlgorithms, signatureSchemeName),
  }
}

function certificateSummary(certificate: CertificateFacts) {
  const { subject, issuer, serialNumber, notBefore, notAfter, key, fingerprint, keyFingerprint } = certificate
  return {
    subject: subject.slice(0, 512),
    issuer: issuer.slice(0, 512),
    // RFC 5280 4.1.2.2 has 20 bytes; a hostile certificate may have thousands.
    serialNumber: serialNumber.slice(0, 128),
    notBefore,
    notAfter,
    key,
    fingerprint,
    keyFingerprint,
  }
}
