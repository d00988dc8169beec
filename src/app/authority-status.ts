import { createHash } from 'node:crypto'
import type { PkiAnswers } from '../admin/pki.ts'
import type { Logger } from '../observe/log.ts'
import { crlPem, writeCrl } from '../pki/authority/crl.ts'
import type { IssuedIndex } from '../pki/authority/issued-index.ts'
import { authorityKeyOf } from '../pki/authority/local.ts'
import { createOcspResponder, type OcspResponder } from '../pki/authority/ocsp-responder.ts'
import { issueOcspSigner } from '../pki/authority/ocsp-signer.ts'
import { writeAtomically } from '../pki/files.ts'
import { messageOf } from '../policy/error.ts'
import type { LocalIssuer } from './authorities/prepare.ts'

export interface AuthorityStatusDeps {
  readonly issuers: () => readonly LocalIssuer[]
  /** Tells that they are others. */
  readonly onChange: (listener: () => void) => () => void
  readonly index: Pick<IssuedIndex, 'find' | 'revoked'>
  readonly organization: () => string
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface MadeCrl {
  readonly der: Buffer
  readonly content: string
  readonly madeAt: number
  readonly lookedAt: number
}

interface MadeResponder {
  readonly responder: Promise<OcspResponder>
  readonly renewAt: number
}

/** A flood of requests reads the index once in so many milliseconds. */
const lookMs = 1_000
const signerLifetimeMs = 7 * 24 * 3_600_000

/** CRL and OCSP for the certificates of the local authorities (A00.FR.704), by the name of the issuer. */
export class AuthorityStatus implements PkiAnswers {
  readonly #deps: AuthorityStatusDeps
  readonly #crls = new Map<string, MadeCrl>()
  readonly #responders = new Map<string, MadeResponder>()
  readonly #written = new Map<string, string>()

  constructor(deps: AuthorityStatusDeps) {
    this.#deps = deps
    deps.onChange(() => {
      this.#crls.clear()
      this.#responders.clear()
    })
  }

  /** The CRL in DER; null: there is no such issuer. Throws ProxyError of the store. */
  async crl(name: string): Promise<Buffer | null> {
    const issuer = this.#issuer(name)
    return issuer === null ? null : (await this.#present(issuer)).der
  }

  /** The answer to an OCSP request in DER; null: there is no such issuer. */
  async ocsp(name: string, request: Buffer): Promise<Buffer | null> {
    const issuer = this.#issuer(name)
    if (issuer === null) return null
    const responder = await this.#responder(issuer)
    return responder.answer(request)
  }

  /** The certificate of the issuer and those above it, in PEM; null: there is no such issuer. */
  chain(name: string): string | null {
    const issuer = this.#issuer(name)?.issuer
    return issuer === undefined ? null : [issuer.certificate, ...issuer.chain].map(String).join('')
  }

  /** Writes the CRLs that have to be in files. About once a minute. Never rejected. */
  async write(): Promise<void> {
    for (const issuer of this.#deps.issuers()) {
      const { crlFile } = issuer.settings
      if (crlFile === undefined) continue
      try {
        const { der, content } = await this.#present(issuer)
        const mark = `${content} ${der.length} ${this.#crls.get(issuer.name)?.madeAt ?? 0}`
        if (this.#written.get(crlFile) === mark) continue
        await writeAtomically(crlFile, crlPem(der), 0o644)
        this.#written.set(crlFile, mark)
      } catch (error) {
        this.#deps.log.error({ file: crlFile, err: messageOf(error) }, 'the CRL cannot be written')
      }
    }
  }

  #issuer(name: string): LocalIssuer | null {
    return this.#deps.issuers().find((one) => one.name === name) ?? null
  }

  /** Made anew when something was revoked, and after half of its life. */
  async #present({ name, issuer, settings }: LocalIssuer): Promise<MadeCrl> {
    const now = this.#deps.now()
    const known = this.#crls.get(name)
    if (known !== undefined && now - known.lookedAt < lookMs && now >= known.lookedAt) return known
    const revoked = await this.#deps.index.revoked(authorityKeyOf(issuer.certificate), now)
    const content = createHash('sha256').update(JSON.stringify(revoked)).digest('hex')
    const { crlLifetime, rsaPadding } = settings
    const isFresh = known !== undefined && known.content === content && now - known.madeAt < crlLifetime / 2
    const made = isFresh
      ? { ...known, lookedAt: now }
      : {
          der: writeCrl({
            ...{ issuer, revoked, rsaPadding },
            // Time only goes on, over restarts as well (RFC 5280 5.2.3).
            number: BigInt(now),
            thisUpdate: now,
            nextUpdate: now + crlLifetime,
          }),
          ...{ content, madeAt: now, lookedAt: now },
        }
    this.#crls.set(name, made)
    return made
  }

  #responder({ name, issuer, settings }: LocalIssuer): Promise<OcspResponder> {
    const now = this.#deps.now()
    const known = this.#responders.get(name)
    if (known !== undefined && now < known.renewAt) return known.responder
    const { rsaPadding, crlLifetime } = settings
    const isRsa = issuer.privateKey.asymmetricKeyType !== 'ec'
    const responder = issueOcspSigner({
      ...{ issuer, now, rsaPadding },
      organization: this.#deps.organization(),
      keys: isRsa ? { type: 'rsa', bits: 2048 } : { type: 'ec', curve: 'P-256' },
      lifetimeMs: signerLifetimeMs,
    }).then((signer) =>
      createOcspResponder({
        issuer: issuer.certificate,
        signer,
        index: this.#deps.index,
        validityMs: crlLifetime,
        rsaPadding,
        now: this.#deps.now,
      }),
    )
    // An issuer that cannot sign now is asked again by the next request.
    responder.catch(() => this.#responders.delete(name))
    // An answer must not outlive its signer.
    const renewAt = now + Math.max(signerLifetimeMs / 2 - crlLifetime, signerLifetimeMs / 4)
    this.#responders.set(name, { responder, renewAt })
    return responder
  }
}
