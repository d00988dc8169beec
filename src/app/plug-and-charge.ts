import type { X509Certificate } from 'node:crypto'
import { type ReadFile, readFileBounded } from '../config/read.ts'
import type { AuthoritySource, Config, PlugAndChargeConfig } from '../config/schema.ts'
import type { Logger } from '../observe/log.ts'
import type { IssuedIndex } from '../pki/authority/issued-index.ts'
import type { CheckReturned } from '../pki/authority/returned-chain.ts'
import { v2gIndex } from '../pki/authority/v2g-index.ts'
import { certificateFacts } from '../pki/certificate.ts'
import { type CertificateStatus, createCertificateStatus } from '../pki/plug-and-charge/certificate-status.ts'
import { type ContractCheck, createContractCheck } from '../pki/plug-and-charge/contract-check.ts'
import { type ContractPool, createContractPool } from '../pki/plug-and-charge/contract-pool.ts'
import { createAddressRule, createHostRule } from '../pki/revocation/addresses.ts'
import { createFetch } from '../pki/revocation/fetch.ts'
import type { OcspAnswerStore } from '../pki/revocation/ocsp-checker.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import { describeKey } from '../policy/key-strength.ts'
import { checkV2gIssued, isV2gKey, v2gKeys } from '../policy/v2g-certificate.ts'
import type { DenyList } from '../store/store.ts'
import { noPlugAndCharge, type PlugAndChargeServices } from '../usecases/plug-and-charge/settings.ts'
import type { V2gAuthority } from '../usecases/plug-and-charge/v2g-signing.ts'
import { readCertificates } from './authorities/material.ts'
import { prepareAuthorities, remoteTls } from './authorities/prepare.ts'

export interface PlugAndChargeDeps {
  readonly answers: OcspAnswerStore
  readonly denied: Pick<DenyList, 'find'>
  readonly index: IssuedIndex
  readonly log: Pick<Logger, 'error'>
  readonly readFile?: ReadFile
}

/** An answer is 4 KiB at the most: what is larger does not fit into ocspResult. */
const maxAnswerBytes = 8 * 1024

/**
 * What a configuration serves of ISO 15118, its files read. Throws ProxyError `plug_and_charge_unusable`
 * with the place in the configuration; nothing is half taken over then. `cpoRoots`: of the authority of
 * charge point certificates.
 */
export function preparePlugAndCharge(
  whole: Pick<Config, 'plugAndCharge' | 'listeners' | 'cpo'>,
  cpoRoots: readonly X509Certificate[],
  deps: PlugAndChargeDeps,
): PlugAndChargeServices {
  const { plugAndCharge: config } = whole
  if (config === undefined) return noPlugAndCharge
  const served = {
    certificateStatus: at('certificateStatus', () => statusOf(config, deps)),
    contractPool: at('evCertificate.pool', () => poolOf(config, deps)),
    v2gAuthority: at('signCertificate', () => v2gOf(config, whole, cpoRoots, deps)),
    contractCheck: at('authorize', () => checkOf(config, deps)),
  }
  const issuers = [config.certificateStatus, config.authorize].flatMap((section) =>
    section.mode === 'pass' ? [] : issuersOf(section, deps),
  )
  const roots = [...(served.v2gAuthority?.roots ?? []), ...issuers].map((one) => one.toString())
  return { ...served, roots: [...new Set(roots)] }
}

function at<T>(place: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    const message = `plugAndCharge.${place}: ${messageOf(cause)}`
    throw new ProxyError('plug_and_charge_unusable', 'operator', message, { cause })
  }
}

function statusOf(
  { certificateStatus: section }: PlugAndChargeConfig,
  deps: PlugAndChargeDeps,
): CertificateStatus | null {
  return section.mode === 'pass' ? null : responders(section, issuersOf(section, deps), deps)
}

function checkOf({ authorize: section }: PlugAndChargeConfig, deps: PlugAndChargeDeps): ContractCheck | null {
  const { mode, unreachable } = section
  if (mode === 'pass') return null
  const issuers = issuersOf(section, deps)
  const status = responders(section, issuers, deps)
  return createContractCheck({ issuers, unreachable }, { status, now: Date.now })
}

type Responders = Pick<PlugAndChargeConfig['authorize'], 'hosts' | 'networks' | 'issuers' | 'timeout'>

function issuersOf(
  { issuers }: Responders,
  { readFile = readFileBounded }: PlugAndChargeDeps,
): readonly X509Certificate[] {
  return issuers.flatMap((file) => readCertificates(readFile, file))
}

function responders(
  { hosts, networks, timeout }: Responders,
  issuers: readonly X509Certificate[],
  { answers, denied, log }: PlugAndChargeDeps,
): CertificateStatus {
  return createCertificateStatus(
    { budgetMs: timeout, issuers },
    {
      fetch: createFetch({
        allowsHost: createHostRule(hosts),
        allowsAddress: createAddressRule(networks),
        timeoutMs: timeout,
        maxBytes: maxAnswerBytes,
        maxRedirects: 0,
      }),
      store: answers,
      async responderProblem(responder) {
        const entry = await denied.find(certificateFacts(responder))
        return entry === null ? null : `the responder is on the local deny list: ${entry.note}`
      },
      now: Date.now,
      startTimer(ms, callback) {
        const timer = setTimeout(callback, ms)
        return () => clearTimeout(timer)
      },
      onStoreError: (error) => log.error({ err: messageOf(error) }, 'OCSP answers cannot be kept'),
    },
  )
}

function poolOf(
  { evCertificate: { mode, pool } }: PlugAndChargeConfig,
  { readFile = readFileBounded }: PlugAndChargeDeps,
): ContractPool | null {
  if (mode === 'pass' || pool === undefined) return null
  const { url, token, timeout, concurrency } = pool
  return createContractPool({
    url: new URL(url),
    tls: remoteTls(pool, readFile),
    headers: token === null ? {} : { authorization: `Bearer ${token.trim()}` },
    budgetMs: timeout,
    concurrency,
  })
}

/**
 * Two domains of trust: whoever signs for vehicles can make no charge point that we let in, and the other
 * way round. Throws ProxyError where they meet.
 */
function v2gOf(
  { signCertificate }: PlugAndChargeConfig,
  { listeners, cpo }: Pick<Config, 'listeners' | 'cpo'>,
  cpoRoots: readonly X509Certificate[],
  { index, readFile = readFileBounded }: PlugAndChargeDeps,
): V2gAuthority | null {
  const { mode, authority: section, organizations, commonNames } = signCertificate
  if (mode === 'pass' || section === undefined) return null
  const trusted = listeners.flatMap(({ tls }) => [
    ...(tls?.clientCertificates?.trust ?? []),
    ...(tls?.clientCertificates?.factory ?? []),
  ])
  const ours = [...cpoRoots, ...trusted.flatMap((file) => readCertificates(readFile, file))]
  const foreignKeys = new Set(ours.map((one) => certificateFacts(one).keyFingerprint))
  const prepared = prepareAuthorities(
    {
      ...section,
      ...withoutClientAuth(section),
    },
    {
      index: v2gIndex(index),
      now: Date.now,
      readFile,
      place: 'authority',
      check: rulesOfVehicles(foreignKeys),
    },
  )
  const { authority } = prepared
  if (authority === null) return null
  const roots = authority.roots()
  const theirs = [
    ...roots,
    ...prepared.issuers.flatMap(({ issuer }) => [issuer.certificate, ...issuer.chain]),
  ]
  const unfit = theirs.find((one) => !isV2gKey(certificateFacts(one).key))
  if (unfit !== undefined) {
    const { subject, key } = certificateFacts(unfit)
    const message = `${subject} has ${describeKey(key)}, which vehicles cannot verify: ${v2gKeys}`
    throw new ProxyError('v2g_key', 'operator', message)
  }
  const shared = theirs.find((one) => foreignKeys.has(certificateFacts(one).keyFingerprint))
  if (shared !== undefined) {
    const name = certificateFacts(shared).subject
    const message = `${name} is trusted for charge points as well: V2G needs roots of its own`
    throw new ProxyError('trust_shared', 'operator', message)
  }
  const { minimumLifetime, giveUpAfter, requestsPerHour } = section
  return {
    ...{ authority, roots, foreignKeys, commonNames, requestsPerHour },
    organizations: organizations.length > 0 ? organizations : cpo.names,
    minimumLifetimeMs: minimumLifetime,
    giveUpAfterMs: giveUpAfter,
  }
}

function rulesOfVehicles(foreignKeys: ReadonlySet<string>): CheckReturned {
  return (chain, { csr }, rules) =>
    checkV2gIssued(chain, { keyFingerprint: csr.facts.keyFingerprint, foreignKeys, ...rules })
}

/** A V2G certificate is none of a TLS client. */
function withoutClientAuth(source: AuthoritySource): AuthoritySource {
  const { local } = source
  return local === undefined ? source : { ...source, local: { ...local, extendedKeyUsage: false } }
}
