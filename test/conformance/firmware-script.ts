import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { FirmwareUpdate } from '../../src/store/store.ts'
import { until } from '../support/elsewhere.ts'
import { type Maker, makeMaker, makerSection } from '../support/firmware.ts'
import { type Operator, operator } from '../support/operator.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { Octt } from './octt.ts'

/** What TC_080 and TC_081 have in common: the tool, a maker, and a central system of the core 1.6 alone. */
export interface FirmwareScript {
  readonly proxy: TestProxy
  readonly maker: Maker
  readonly tool: Octt
  readonly password: Buffer
  readonly boss: Operator
  /** The file server answers nothing from now on. */
  hold(): void
  /** UpdateFirmware of the central system, answered. */
  update(location?: string): Promise<void>
  /** The tool reports a status for this request, and it is confirmed. */
  report(status: string, requestId: number): Promise<void>
  /** The central system has got these actions and payloads of the charge point since it booted, and nothing else. */
  central(expected: readonly (readonly [string, object])[]): Promise<void>
  /** What the proxy keeps of the update, once everything was told and the answer of the central system is noted. */
  told(): Promise<FirmwareUpdate | null>
  /** The same of FirmwareStatusNotification alone, whatever else came. */
  statuses(expected: readonly string[]): Promise<void>
}

export async function firmwareScript(
  t: TestContext,
  kind: 'rsa' | 'ecdsa',
  section: object = {},
): Promise<FirmwareScript> {
  const maker = await makeMaker(t, kind)
  const boss = operator(t)
  const proxy = await startProxy(t, {
    admin: boss.section,
    files: { 'maker-root.pem': maker.root.certificate },
    firmware: { ...makerSection, ...section },
  })
  await proxy.store.firmware.put(maker.entry())
  const tool = new Octt(t, proxy)
  const password = await proxy.register(tool.identity)
  await tool.connect('basic-auth-tls', { password })
  await tool.boot()
  await tool.quiet()
  const first = proxy.central.messages(tool.identity).length
  let calls = 0

  const callsOfTool = () =>
    proxy.central
      .messages(tool.identity)
      .slice(first)
      .flatMap(({ message }) => (message?.kind === 'call' ? [[message.action, message.payload]] : []))

  return {
    proxy,
    maker,
    tool,
    password,
    boss,
    hold: () => maker.hold(),
    async update(location = maker.url) {
      const retrieveDate = '2026-11-26T12:00:00Z'
      const answer = await proxy.central.send(tool.identity, 'UpdateFirmware', {
        ...{ location, retrieveDate },
        ...{ retries: 2, retryInterval: 60 },
      })
      assert.partialDeepStrictEqual(answer, { kind: 'result', payload: {} })
    },
    async report(status, requestId) {
      calls += 1
      const payload = { status, requestId }
      const { result } = await tool.line.call(`status-${calls}`, 'SignedFirmwareStatusNotification', payload)
      assert.deepEqual(result, {})
    },
    async told() {
      const present = () => proxy.store.firmware.updateOf(tool.identity)
      await until(async () => (await present())?.untold.length === 0)
      return present()
    },
    async statuses(expected) {
      const told = () =>
        callsOfTool().flatMap(([action, payload]) =>
          action === 'FirmwareStatusNotification' ? [(payload as { status: string }).status] : [],
        )
      while (told().length < expected.length) await proxy.central.nextMessage({ identity: tool.identity })
      await tool.line.barrier()
      assert.deepEqual(told(), expected)
    },
    async central(expected) {
      while (callsOfTool().length < expected.length)
        await proxy.central.nextMessage({ identity: tool.identity })
      await tool.line.barrier()
      assert.deepEqual(callsOfTool(), expected)
      assert.deepEqual(proxy.central.foreign(tool.identity), [])
      assert.deepEqual(tool.line.unread, [], 'the tool got CALLs that the script does not expect')
      assert.deepEqual(tool.line.strays, [])
    },
  }
}
