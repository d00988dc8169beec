import type { TlsConfig } from '../../config/schema.ts'
import { type AddressRule, createAddressRule, createHostRule } from '../../pki/revocation/addresses.ts'
import type { FetchOptions } from '../../pki/revocation/fetch.ts'
import { maxOcspResponseBytes } from '../../pki/revocation/ocsp.ts'
import { defaultOcspOptions, type OcspCheckerOptions } from '../../pki/revocation/ocsp-checker.ts'
import type { RevocationPolicy } from '../../policy/revocation.ts'

/** `clientCertificates.revocation` of a listener. */
export type RevocationConfig = NonNullable<TlsConfig['clientCertificates']>['revocation']

/** Who is asked, for whatever certificates: `firmware.revocation` as well. */
export type RevocationSources = Omit<RevocationConfig, 'liveSessions'>

/** RFC 9654 2.1: 32 bytes are what every responder must take. */
const nonceBytes = 32
/** A CRL may be behind a link or two; a responder is not. */
const maxCrlRedirects = 3

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source)
}

/** `graceMs` counts in hard mode. */
export function policyOf({ ocsp, onStaleCrl, grace }: RevocationSources): RevocationPolicy {
  return { ocsp, onStaleCrl, graceMs: grace }
}

/** `connections`: as many certificates may be asked about in one day. */
export function ocspOptionsOf(config: RevocationSources, connections: number): OcspCheckerOptions {
  const { responder, method, certIdHash, nonce, wait } = config
  return {
    ...defaultOcspOptions,
    responder: responder ?? null,
    method,
    certIdHash,
    nonceBytes: nonce === 'off' ? 0 : nonceBytes,
    requireNonce: nonce === 'require',
    budgetMs: wait,
    maxEntries: Math.max(defaultOcspOptions.maxEntries, connections),
    maxWaiting: Math.max(defaultOcspOptions.maxWaiting, connections),
  }
}

/** Certificates may name the hosts of the list, and the one that the operator has named (CWE-918). */
export function ocspFetchOptionsOf(config: RevocationSources): FetchOptions {
  const named = config.responder === undefined ? [] : hostsOf([config.responder])
  return {
    allowsHost: createHostRule([...config.hosts, ...named]),
    allowsAddress: addressRuleOf(config, named),
    timeoutMs: config.timeout,
    maxBytes: maxOcspResponseBytes,
    maxRedirects: 0,
  }
}

/** CRLs come from where the operator says; they may be sent on to hosts of the list. */
export function crlFetchOptionsOf(config: RevocationSources): FetchOptions {
  const named = hostsOf(config.crl.filter(isUrl))
  return {
    allowsHost: createHostRule([...config.hosts, ...named]),
    allowsAddress: addressRuleOf(config, named),
    timeoutMs: config.crlTimeout,
    maxBytes: config.crlBytes,
    maxRedirects: maxCrlRedirects,
  }
}

/** A host that the operator has named may be anywhere, on this machine too. */
function addressRuleOf({ networks }: RevocationSources, named: readonly string[]): AddressRule {
  const rule = createAddressRule(networks)
  const trusted = new Set(named)
  return (address, host) => trusted.has(host.toLowerCase()) || rule(address, host)
}

/** As fetch.ts has them: lower case, no brackets, no final dot. */
function hostsOf(urls: readonly string[]): readonly string[] {
  return urls.flatMap((url) => {
    const host = URL.parse(url)?.hostname.toLowerCase() ?? ''
    return host === '' ? [] : [host.replace(/^\[|\]$/g, '').replace(/\.$/, '')]
  })
}
