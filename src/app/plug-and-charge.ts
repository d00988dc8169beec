import { type ReadFile, readFileBounded } from '../config/read.ts'
import type { PlugAndChargeConfig } from '../config/schema.ts'
import type { Logger } from '../observe/log.ts'
import { type CertificateStatus, createCertificateStatus } from '../pki/plug-and-charge/certificate-status.ts'
import { type ContractPool, createContractPool } from '../pki/plug-and-charge/contract-pool.ts'
import { createAddressRule, createHostRule } from '../pki/revocation/addresses.ts'
import { createFetch } from '../pki/revocation/fetch.ts'
import type { OcspAnswerStore } from '../pki/revocation/ocsp-checker.ts'
import { messageOf, ProxyError } from '../policy/error.ts'
import { noPlugAndCharge, type PlugAndChargeServices } from '../usecases/plug-and-charge/settings.ts'
import { readCertificates } from './authorities/material.ts'
import { remoteTls } from './authorities/prepare.ts'

export interface PlugAndChargeDeps {
  readonly answers: OcspAnswerStore
  readonly log: Pick<Logger, 'error'>
  readonly readFile?: ReadFile
}

/** An answer is 4 KiB at the most: what is larger does not fit into ocspResult. */
const maxAnswerBytes = 8 * 1024

/**
 * What a configuration serves of ISO 15118, its files read. Throws ProxyError `plug_and_charge_unusable`
 * with the place in the configuration; nothing is half taken over then.
 */
export function preparePlugAndCharge(
  config: PlugAndChargeConfig | undefined,
  deps: PlugAndChargeDeps,
): PlugAndChargeServices {
  if (config === undefined) return noPlugAndCharge
  return {
    certificateStatus: at('certificateStatus', () => statusOf(config, deps)),
    contractPool: at('evCertificate.pool', () => poolOf(config, deps)),
  }
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
  { certificateStatus }: PlugAndChargeConfig,
  { answers, log, readFile = readFileBounded }: PlugAndChargeDeps,
): CertificateStatus | null {
  const { mode, hosts, networks, issuers, timeout } = certificateStatus
  if (mode === 'pass') return null
  return createCertificateStatus(
    { budgetMs: timeout, issuers: issuers.flatMap((file) => readCertificates(readFile, file)) },
    {
      fetch: createFetch({
        allowsHost: createHostRule(hosts),
        allowsAddress: createAddressRule(networks),
        timeoutMs: timeout,
        maxBytes: maxAnswerBytes,
        maxRedirects: 0,
      }),
      store: answers,
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
