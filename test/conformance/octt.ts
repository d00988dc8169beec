import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Issued } from '../support/authority.ts'
import type { TestProxy } from '../support/proxy.ts'
import type { ListenerName } from '../support/proxy-config.ts'
import { type Asked, Line, type NotUpgraded } from './line.ts'

/** What the tool shows when it connects. */
export interface Login {
  /** Left out: no Authorization header. */
  readonly password?: Uint8Array
  /** The identity, unless told otherwise. */
  readonly username?: string
  readonly certificate?: Issued
  readonly protocols?: readonly string[]
}

/** Who has sent a CALL that the tool expects. */
export type Sender = 'central system' | 'proxy'

/**
 * A test tool that plays the charge point as the OCTT does: it follows a script, and every message that the
 * script does not expect is an error, on either side (facts, 4.1: the tool is thrown off by unsolicited CALLs).
 */
export class Octt {
  readonly identity: string
  readonly #proxy: TestProxy
  /** What the central system must have got, byte by byte, and nothing else. */
  readonly #forwarded: string[] = []
  #connections = 0
  #calls = 0
  #line: Line | null = null

  constructor(t: Pick<TestContext, 'after'>, proxy: TestProxy, identity = 'CP-1') {
    this.identity = identity
    this.#proxy = proxy
    t.after(() => this.#line?.terminate())
  }

  get line(): Line {
    assert.ok(this.#line !== null, 'the tool is not connected')
    return this.#line
  }

  /** The upgrade succeeds, with `ocpp1.6`. */
  async connect(listener: ListenerName, login: Login = {}): Promise<void> {
    const opened = await this.#dial(listener, login)
    assert.ok(opened instanceof Line, `not upgraded: ${JSON.stringify(opened)}`)
    assert.equal(opened.protocol, 'ocpp1.6')
    this.#line = opened
    this.#connections += 1
  }

  /** The upgrade does not succeed; what came in its place. */
  async refused(listener: ListenerName, login: Login = {}): Promise<NotUpgraded> {
    const opened = await this.#dial(listener, login)
    if (opened instanceof Line) opened.terminate()
    assert.ok(!(opened instanceof Line), `${listener} has let it in`)
    return opened
  }

  /** BootNotification is Accepted and StatusNotification answered: how every script begins. */
  async boot(): Promise<void> {
    const boot = await this.call('BootNotification', {
      chargePointVendor: 'Tool',
      chargePointModel: 'Scripted',
    })
    assert.equal(boot.status, 'Accepted')
    assert.ok(Number.isInteger(boot.interval))
    assert.ok(!Number.isNaN(Date.parse(String(boot.currentTime))))
    const status = { connectorId: 0, errorCode: 'NoError', status: 'Available' }
    assert.deepEqual(await this.call('StatusNotification', status), {})
  }

  /** A CALL of the tool, which the central system answers. */
  async call(action: string, payload: object): Promise<Asked['payload']> {
    this.#calls += 1
    const { text, result } = await this.line.call(`tool-${this.#calls}`, action, payload)
    this.#forwarded.push(text)
    return result
  }

  /** A CALL that the script expects now, from whom it expects it; answered at once. */
  async expect(action: string, from: Sender, answer: object): Promise<Asked['payload']> {
    const { id, payload } = await this.line.asked(action)
    const isCentral = this.#proxy.centralEvents.some(
      (event) => event.kind === 'sent' && event.message.kind === 'call' && event.message.id === id,
    )
    assert.equal(isCentral ? 'central system' : 'proxy', from, `who sent ${action}`)
    const text = JSON.stringify([3, id, answer])
    if (isCentral) this.#forwarded.push(text)
    this.line.send(text)
    return payload
  }

  /** The tool hangs up, and the central system sees it. */
  async close(): Promise<void> {
    const seen = this.#proxy.central.nextClose({ identity: this.identity })
    await this.line.close()
    await seen
    this.#line = null
  }

  /** Both ends have got what the script says, and nothing else. */
  async quiet(): Promise<void> {
    if (this.#line !== null) {
      await this.line.barrier()
      assert.deepEqual(this.line.unread, [], 'the tool got CALLs that the script does not expect')
      assert.deepEqual(this.line.strays, [], 'the tool got what is no CALL, and no answer to one')
      assert.equal(this.line.closeCode, null, 'the line has ended')
    }
    const { central } = this.#proxy
    const texts = central.messages(this.identity).map(({ text }) => text)
    assert.deepEqual(texts, this.#forwarded, 'what the central system got')
    assert.deepEqual(central.foreign(this.identity), [], 'nothing foreign reached the central system')
    assert.equal(
      central.connections(this.identity).length,
      this.#connections,
      'connections of the central system',
    )
  }

  #dial(listener: ListenerName, login: Login): Promise<Line | NotUpgraded> {
    const { password, username = this.identity, certificate, protocols = ['ocpp1.6'] } = login
    const userPass = Buffer.concat([Buffer.from(`${username}:`), password ?? Buffer.alloc(0)])
    return Line.open({
      url: `${this.#proxy.url(listener)}/${this.identity}`,
      protocols,
      ca: this.#proxy.pki.serverRoot,
      ...(password === undefined ? {} : { authorization: `Basic ${userPass.toString('base64')}` }),
      ...(certificate === undefined
        ? {}
        : { certificate: { chain: certificate.chain, key: certificate.key } }),
    })
  }
}

/** The name of a step, with the ids that it proves, and what happens in it. */
export type Step = readonly [name: string, body: () => Promise<void>]

/** Plays the steps in order; after each one both ends must be quiet. Those behind a failure are not tried. */
export async function play(t: TestContext, tool: Octt, steps: readonly Step[]): Promise<void> {
  for (const [name, body] of steps) {
    let isDone = false
    await t.test(name, async () => {
      await body()
      await tool.quiet()
      isDone = true
    })
    if (!isDone) return
  }
}

/** RFC 7617 2: who is not authenticated is asked for Basic credentials (A00.FR.202, A00.FR.302). */
export function assertUnauthorized(seen: NotUpgraded): void {
  assert.ok(seen.kind === 'http', JSON.stringify(seen))
  assert.equal(seen.status, 401)
  assert.match(String(seen.headers['www-authenticate']), /^Basic realm=/)
}
