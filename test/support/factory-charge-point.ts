import { createPublicKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { generateKey, type KeyPair, privateKeyPem } from '../../src/pki/keys.ts'
import type { ChargePoint, ChargePointOptions } from '../../src/simulator/charge-point.ts'
import { answerCommand, type CommandTable, coreCommands } from '../../src/simulator/commands.ts'
import type { Answer } from '../../src/simulator/endpoint.ts'
import { makeCsr } from './csr.ts'
import type { TestProxy } from './proxy.ts'
import type { ListenerName } from './proxy-config.ts'
import { secret } from './secrets.ts'

/** What a charge point shows in a handshake: its chain and its key, PEM. */
export interface Shown {
  readonly chain: string
  readonly key: string
}

export interface FactoryOptions {
  readonly identity: string
  readonly serialNumber: string
  readonly listener?: ListenerName
  /** The certificate of its manufacturer; null: it has none so far. */
  readonly certificate: Shown | null
  readonly keyType?: 'rsa' | 'ec'
  /** What it does with a new certificate. */
  readonly takes?: 'accept' | 'reject' | 'ignore'
  /** It has no key CpoName, and another name of its own. */
  readonly keepsName?: boolean
  readonly simulator?: Partial<ChargePointOptions>
}

/**
 * A charge point from the factory with the charge point's side of A02: it makes keys and requests, takes what
 * is signed for them, and connects with it. Written beside the product, by the letter of the white paper.
 */
export class FactoryChargePoint {
  /** The simulator that is at work now: another one with each certificate. */
  present: ChargePoint
  /** What it has got from the operator. */
  installed: Shown | null = null
  readonly #proxy: TestProxy
  readonly #options: FactoryOptions
  #listener: ListenerName
  #pending: KeyPair | null = null
  /** The last one that it has taken; null: that of its registration. */
  #password: Buffer | null = null
  #isOver = false
  #isWorking = false
  readonly #runs = new Set<Promise<void>>()
  readonly #booted = new AbortController()

  constructor(proxy: TestProxy, options: FactoryOptions) {
    this.#proxy = proxy
    this.#options = options
    this.#listener = options.listener ?? 'mutual-tls'
    this.present = this.#create(options.certificate)
  }

  /** Works like a real one from now on. */
  begin(): void {
    this.#isWorking = true
    this.#run()
  }

  /** Fulfilled once it was accepted by the central system. */
  async accepted(): Promise<void> {
    if (!this.#booted.signal.aborted) await once(this.#booted.signal, 'abort')
  }

  async close(): Promise<void> {
    this.#isOver = true
    await this.present.close()
    await Promise.all(this.#runs)
  }

  /** Read anew at every attempt: each process of the proxy listens on ports of its own. */
  get #urls() {
    const proxy = this.#proxy
    return {
      get 2() {
        return proxy.url('basic-auth-tls')
      },
      get 3() {
        return proxy.url('mutual-tls')
      },
    }
  }

  #create(shown: Shown | null): ChargePoint {
    const { identity, serialNumber, simulator = {} } = this.#options
    const chargePoint: ChargePoint = this.#proxy.chargePoint(this.#listener, {
      identity,
      model: { serialNumber },
      backoff: { initialMs: 10, maxMs: 500 },
      profileUrls: this.#urls,
      commands: this.#commands,
      ...(this.#password === null ? {} : { password: { bytes: this.#password, form: 'raw' } }),
      onPassword: (key) => {
        this.#password = Buffer.from(secret('password', Buffer.from(key)))
      },
      ...simulator,
      tls: {
        ca: this.#proxy.pki.serverRoot,
        ...simulator.tls,
        ...(shown === null ? {} : { certificate: shown.chain, key: shown.key }),
      },
      onEvent: (event) => {
        simulator.onEvent?.(event)
        if (event.kind === 'disconnected' && chargePoint === this.present) this.#switch(shown)
        if (event.kind === 'received' && event.message.kind === 'result' && this.present.booted)
          this.#booted.abort()
      },
    })
    return chargePoint
  }

  /** A02.FR.08: the next connection is made with the newest certificate. */
  #switch(shown: Shown | null): void {
    if (this.#isOver || this.installed === null || this.installed === shown || !this.#isWorking) return
    // A certificate is of no use on another profile than 3.
    if (this.#listener !== 'mutual-tls') return
    const old = this.present
    this.present = this.#create(this.installed)
    this.#run()
    void old.close()
  }

  /** Not to be left in `#switch` alone: on profile 2 nothing else makes it come with the new certificate. */
  #toProfile3(): void {
    this.#listener = 'mutual-tls'
    void this.present.close()
  }

  #run(): void {
    const run = this.present.run({ transact: false })
    this.#runs.add(run)
    void run.finally(() => this.#runs.delete(run))
  }

  readonly #commands: CommandTable = {
    ExtendedTriggerMessage: ({ requestedMessage }): Answer =>
      requestedMessage === 'SignChargePointCertificate'
        ? { ...status('Accepted'), afterwards: () => void this.#request() }
        : status('NotImplemented'),
    ChangeConfiguration: (payload, target): Answer => {
      // A05.FR.04: it has what profile 3 takes.
      if (payload.key === 'SecurityProfile' && payload.value === '3' && this.installed !== null)
        return { ...status('Accepted'), afterwards: () => this.#toProfile3() }
      return this.#options.keepsName === true && payload.key === 'CpoName'
        ? status('NotSupported')
        : answerCommand(
            { kind: 'call', id: '', action: 'ChangeConfiguration', payload },
            [coreCommands],
            target,
          )
    },
    CertificateSigned: ({ certificateChain }): Answer => this.#take(String(certificateChain)),
  }

  /** A02.FR.02: a new key pair, and a request with CpoName and the serial number. */
  async #request(): Promise<void> {
    const { keyType = 'ec', serialNumber } = this.#options
    const present = this.present
    const keys = await generateKey(
      keyType === 'ec' ? { type: 'ec', curve: 'P-256' } : { type: 'rsa', bits: 2048 },
    )
    this.#pending = keys
    const name = this.#options.keepsName === true ? 'Maker' : (present.configuration.get('CpoName') ?? '')
    const subject = [
      ['O', name],
      ['CN', serialNumber],
    ] as const
    await present.call('SignCertificate', { csr: await makeCsr({ keys, subject }) }).catch(() => null)
  }

  #take(chain: string): Answer {
    const { takes = 'accept' } = this.#options
    if (takes === 'ignore') return { kind: 'none' }
    const keys = this.#pending
    if (takes === 'reject' || keys === null || !isFor(chain, keys)) return status('Rejected')
    const key = secret('private key', privateKeyPem(keys.privateKey))
    const install = () => {
      this.installed = { chain, key }
    }
    return { ...status('Accepted'), afterwards: install }
  }
}

/** A02.FR.06: the certificate is for the key that it was asked for. */
function isFor(chain: string, keys: KeyPair): boolean {
  const certificate = new X509Certificate(chain)
  return createPublicKey(keys.privateKey).equals(certificate.publicKey)
}

function status(value: string) {
  return { kind: 'result', payload: { status: value } } as const
}
