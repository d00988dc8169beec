import type { ConnectionFacts } from '../../src/gate/connection.ts'
import type { CertificateFacts, ChainFacts, HelloFacts } from '../../src/policy/facts.ts'
import type { ChargePointRecord } from '../../src/store/store.ts'

/** Facts of an ordinary connection, for tests to change. */
export const aLeaf: CertificateFacts = {
  commonNames: ['SN-1'],
  organizationNames: ['Example CPO'],
  subject: 'O=Example CPO, CN=SN-1',
  issuer: 'CN=root',
  serialNumber: '01',
  notBefore: 0,
  notAfter: 1,
  key: { type: 'ec', curve: 'P-256', bits: 256 },
  signatureHash: 'sha256',
  signatureKind: 'ecdsa',
  keyUsage: null,
  extendedKeyUsage: null,
  isCa: false,
  pathLength: null,
  selfIssued: false,
  unknownCriticalExtension: null,
  fingerprint: 'f1',
  keyFingerprint: 'k1',
}

export const aChain: ChainFacts = {
  leaf: aLeaf,
  issuers: [],
  anchor: 'cpo',
  pathProblem: null,
  opensslError: null,
}

export const aHello: HelloFacts = {
  highestVersion: 'TLSv1.3',
  versions: [0x0304],
  cipherSuites: [0x1301],
  groups: [29],
  signatureAlgorithms: [0x0403],
  serverName: 'ocpp.example.com',
  alpn: [],
  ja4: 't13d',
}

export const aRecord: ChargePointRecord = {
  identity: 'CP1',
  serialNumber: 'SN-1',
  securityProfile: null,
  upgradeTo: null,
  upgradeOpened: null,
  legacyTls: false,
  migrating: false,
  blocked: false,
  credential: null,
  onboarding: null,
  credentialChange: null,
  passwordForm: null,
  upstreamSecret: null,
  learned: false,
  createdAt: 0,
  updatedAt: 0,
  lastSeenAt: null,
  lastAddress: null,
  lastTls: null,
  offersMandatorySuites: null,
}

export function factsWith(more: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return {
    remote: { address: '192.0.2.1', port: 40_000, proxied: false },
    hello: null,
    tls: null,
    chain: null,
    entry: null,
    identity: { identity: 'CP1', encoded: 'CP1' },
    chargePoint: null,
    ...more,
  }
}
