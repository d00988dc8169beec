import { randomBytes, type X509Certificate } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../../observe/log.ts'
import type { Metrics } from '../../observe/metrics.ts'
import type { CertificatePath, FactsOf } from '../../pki/chain.ts'
import type { RevocationSubject } from '../../pki/revocation/cert-id.ts'
import { createRevocationChecker, type RevocationChecker } from '../../pki/revocation/checker.ts'
import type { CrlState, CrlSubject } from '../../pki/revocation/crl-set.ts'
import { createFetch } from '../../pki/revocation/fetch.ts'
import { createOcspChecker, type OcspChecker } from '../../pki/revocation/ocsp-checker.ts'
import { BoundedMap } from '../../policy/bounded-map.ts'
import { messageOf } from '../../policy/error.ts'
import { responderProblem } from '../../policy/ocsp-responder.ts'
import type { CheckMode, ReasonCode } from '../../policy/reasons.ts'
import { crlWords, judgeRevocation, type OcspMode, type RevocationFacts } from '../../policy/revocation.ts'
import type { DenyEntry, DenyList, DenySubject, OcspAnswers } from '../../store/store.ts'
import type { Finding } from '../certificate-check.ts'
import { CrlSources } from './crl-sources.ts'
import { judgeWithModes } from './judge.ts'
import { ocspFetchOptionsOf, ocspOptionsOf, policyOf, type RevocationSources } from './settings.ts'

export interface ListenerRevocationDeps {
  readonly denied: DenyList
  readonly answers: OcspAnswers
  readonly metrics: Pick<Metrics, 'revocationChecks'>
  readonly log: Logger
  readonly factsOf: FactsOf
  readonly readFile: (path: string, maxBytes: number) => Promise<Buffer>
  readonly now: () => number
  readonly startTimer: (ms: number, callback: () => void) => () => void
  /** A CRL says something else than before. */
  readonly crlChanged: (listener: string) => void
  /** The responder says of a certificate that it is revoked, perhaps long after it was admitted. */
  readonly revoked: (listener: string, fingerprint: string) => void
  /** A certificate was admitted without a proof (soft, grace, a stale CRL that is put up with). */
  readonly withoutProof: (listener: string, missing: string) => void
}

/** Issuers of verified paths; those who come again are the same objects, whose CRLs are proven already. */
const maxIssuers = 256

/** Who says what is revoked on one listener: deny list, CRLs, responder. Lives as long as the listener. */
export class ListenerRevocation {
  readonly #name: string
  readonly #deps: ListenerRevocationDeps
  readonly #crls: CrlSources
  readonly #issuers = new BoundedMap<string, X509Certificate>(maxIssuers)
  #ocsp: OcspChecker | null = null
  #checker: RevocationChecker | null = null
  #asking: object | null = null
  #config: RevocationSources | null = null

  constructor(name: string, deps: ListenerRevocationDeps) {
    this.#name = name
    this.#deps = deps
    const { readFile, now, startTimer, log } = deps
    this.#crls = new CrlSources({
      readFile,
      now,
      startTimer,
      changed: (state) => this.#crlChanged(state),
      failed: (crl, problem) => log.error({ listener: name, crl, ...problem }, 'a CRL cannot be used'),
    })
  }

  /** Takes these settings and reads all CRLs again. What is known of certificates is kept. Never rejected. */
  async use(config: RevocationSources, connections: number): Promise<void> {
    this.#config = config
    const asking = [ocspOptionsOf(config, connections), config.hosts, config.networks, config.timeout]
    if (this.#checker === null || !isDeepStrictEqual(asking, this.#asking)) {
      this.#ocsp?.close()
      this.#asking = asking
      this.#ocsp = this.#createOcsp(config, connections)
      const findDenied = (certificate: X509Certificate) => this.deniedCertificate(certificate)
      this.#checker = createRevocationChecker({ findDenied, crls: this.#crls.set, ocsp: this.#ocsp })
    }
    await this.#crls.use(config)
  }

  close(): void {
    this.#ocsp?.close()
    this.#crls.close()
  }

  crlStates(): readonly CrlState[] {
    return this.#crls.set.states()
  }

  /**
   * Everything that revocation has against a path that is verified, in the order in which it would refuse:
   * authorities first. Deny list and CRLs are asked about every certificate but the root, the responder
   * about the charge point's. Rejects when the deny list cannot be read.
   */
  async judge(
    { certificates }: CertificatePath,
    config: RevocationSources,
    modeOf: (reason: ReasonCode) => CheckMode,
  ): Promise<readonly Finding[]> {
    const policy = policyOf(config)
    const findings = await this.#deniedRoot(certificates)
    for (const { subject, isLeaf } of this.#subjectsOf(certificates)) {
      if (findings.some(({ mode }) => mode === 'enforce')) break
      const ocsp = isLeaf ? policy.ocsp : 'off'
      const facts = await this.#factsOf(subject, ocsp)
      const judged = judgeWithModes(
        facts,
        { ...policy, ocsp },
        isLeaf ? '' : `${this.#who(subject.certificate)}: `,
        modeOf,
        this.#deps.now(),
      )
      findings.push(...judged.findings)
      if (judged.warning !== null) this.#deps.withoutProof(this.#name, judged.warning)
    }
    return findings
  }

  /**
   * Is something of this path revoked or denied by now? Only that ends a session; a lack of proofs does not.
   * The responder is asked too. null: nothing is.
   */
  async revokedNow(
    certificates: readonly X509Certificate[],
    config: RevocationSources,
  ): Promise<{ readonly detail: string; readonly isDenied: boolean } | null> {
    const [root] = await this.#deniedRoot(certificates)
    if (root !== undefined) return { detail: root.detail, isDenied: true }
    for (const { subject, isLeaf } of this.#subjectsOf(certificates)) {
      const ocsp = isLeaf ? config.ocsp : 'off'
      const facts = await this.#factsOf(subject, ocsp)
      const { verdict } = judgeRevocation(facts, { ocsp, onStaleCrl: 'admit', graceMs: 0 }, this.#deps.now())
      if (verdict.ok || verdict.reason !== 'client_cert_revoked') continue
      const who = isLeaf ? '' : `${this.#who(subject.certificate)}: `
      return { detail: `${who}${verdict.detail}`, isDenied: facts.denied !== null }
    }
    return null
  }

  /** What the CRLs say against a path now, without anything else being asked; null: nothing. */
  revokedByCrl(leaf: CrlSubject, issuers: readonly X509Certificate[]): string | null {
    const { set } = this.#crls
    for (const [index, issuer] of issuers.entries()) {
      const above = index === 0 ? null : (issuers[index - 1] ?? null)
      const crl =
        above === null ? set.outcomeOfNumber(leaf, issuer) : set.outcomeOf({ certificate: above, issuer })
      if (crl.kind !== 'revoked') continue
      return `${above === null ? '' : `${this.#who(above)}: `}${crlWords(crl.revocation)}`
    }
    return null
  }

  /** The local deny list alone. Rejects when it cannot be read. */
  denied(subject: DenySubject): Promise<DenyEntry | null> {
    return this.#deps.denied.find(subject)
  }

  deniedCertificate(certificate: X509Certificate): Promise<DenyEntry | null> {
    const { fingerprint, serialNumber, issuer } = this.#deps.factsOf(certificate)
    return this.denied({ fingerprint, serialNumber, issuer })
  }

  /** The same object for the same certificate, so that many sessions share their issuers. */
  shared(issuer: X509Certificate): X509Certificate {
    const known = this.#issuers.get(issuer.fingerprint256)
    if (known === undefined) this.#issuers.set(issuer.fingerprint256, issuer)
    return known ?? issuer
  }

  /** From the top down: what is revoked above makes worthless what is below. */
  #subjectsOf(
    certificates: readonly X509Certificate[],
  ): readonly { readonly subject: RevocationSubject; readonly isLeaf: boolean }[] {
    return certificates
      .slice(0, -1)
      .map((certificate, index) => {
        const issuer = this.shared(certificates[index + 1] ?? certificate)
        const isLeaf = index === 0
        return { subject: { certificate: isLeaf ? certificate : this.shared(certificate), issuer }, isLeaf }
      })
      .toReversed()
  }

  /** The root is on no CRL, but an operator may deny it, and with it all that is below. */
  async #deniedRoot(certificates: readonly X509Certificate[]): Promise<Finding[]> {
    const root = certificates.at(-1)
    const denied = root === undefined ? null : await this.deniedCertificate(root)
    if (root === undefined || denied === null) return []
    const who = certificates.length === 1 ? '' : `${this.#who(root)}: `
    const detail = `${who}it is on the local deny list: ${denied.note}`
    return [{ reason: 'client_cert_revoked', detail, mode: 'enforce' }]
  }

  async #factsOf(subject: RevocationSubject, ocsp: OcspMode): Promise<RevocationFacts> {
    if (this.#checker === null) throw new Error(`the revocation of listener ${this.#name} is not set up`)
    const facts = await this.#checker.factsOf(subject, ocsp)
    this.#count(facts)
    return facts
  }

  #count({ denied, crl, ocsp }: RevocationFacts): void {
    const count = (method: string, result: string) =>
      this.#deps.metrics.revocationChecks.inc({ method, result })
    count('deny_list', denied === null ? 'good' : 'revoked')
    if (crl.kind !== 'none') count('crl', crl.kind === 'good' && crl.stale ? 'stale' : crl.kind)
    if (ocsp.kind !== 'none') count('ocsp', ocsp.kind === 'problem' ? ocsp.code : ocsp.kind)
  }

  #who(certificate: X509Certificate): string {
    return JSON.stringify(this.#deps.factsOf(certificate).subject)
  }

  #createOcsp(config: RevocationSources, connections: number): OcspChecker {
    const { answers, now, startTimer, log, factsOf, revoked } = this.#deps
    return createOcspChecker(ocspOptionsOf(config, connections), {
      fetch: createFetch(ocspFetchOptionsOf(config)),
      store: answers,
      now,
      startTimer,
      randomBytes,
      responderProblem: async (certificate, issuer) => {
        const denied = await this.deniedCertificate(certificate)
        const crl = this.#crls.set.outcomeOf({ certificate, issuer })
        // A reload counts at once.
        return responderProblem({ denied, crl }, policyOf(this.#config ?? config), now())
      },
      onAnswer: ({ certificate }, outcome) => {
        if (outcome.kind === 'revoked') revoked(this.#name, factsOf(certificate).fingerprint)
      },
      onStoreError: (error) =>
        log.error({ listener: this.#name, err: messageOf(error) }, 'an OCSP answer was not kept'),
    })
  }

  #crlChanged({ name: crl, nextUpdate, size }: CrlState): void {
    const until = nextUpdate === null ? null : new Date(nextUpdate).toISOString()
    this.#deps.log.info({ listener: this.#name, crl, nextUpdate: until, revoked: size }, 'CRL in use')
    this.#deps.crlChanged(this.#name)
  }
}
