import assert from 'node:assert/strict'
import { closeCodeIn, readFrames } from './frames.ts'
import type { TestProxy } from './proxy.ts'
import { behindHead, type RawClient, upgraded, upgradeRequest } from './raw-client.ts'

/** A session on profile 1 whose charge point side is written by hand. */
export async function rawSession(
  proxy: TestProxy,
  options: { readonly identity?: string; readonly password: Uint8Array; readonly localAddress?: string },
): Promise<RawClient> {
  const { identity = 'CP-1', password, localAddress } = options
  const from = localAddress === undefined ? {} : { localAddress }
  const seen = proxy.central.nextConnection({ identity })
  const client = await upgraded(
    { port: proxy.port('basic-auth'), ...from },
    upgradeRequest({ identity, password }),
  )
  await seen
  return client
}

/** Hears a session out; the code of the Close frame that ended it. */
export async function closeCodeOf(client: RawClient): Promise<{ code: number | null; reason: string }> {
  const { bytes } = await client.over()
  const frames = readFrames(behindHead(bytes))
  const close = frames.find(({ opcode }) => opcode === 8)
  return { code: closeCodeIn(frames), reason: close?.payload.subarray(2).toString() ?? '' }
}

/** Waits for the frames that a raw session received so far, until they fit. */
export async function framesOf(client: RawClient, count: number) {
  await client.until((heard) => readFrames(behindHead(heard)).length >= count)
  const frames = readFrames(behindHead(client.heard))
  assert.ok(frames.length >= count)
  return frames
}

/**
 * Fulfilled when every session that there was has ended, on both sides, for the proxy, and not only for the charge
 * point: until then a reload judges it once more, and what it finds counts.
 */
export async function allEnded(proxy: TestProxy): Promise<void> {
  const count = () => proxy.present.filter(({ msg }) => msg === 'charge point disconnected').length
  const total = (await proxy.metrics()).sum('ocpp_proxy_connections_total')
  if (count() < total) await proxy.log.wait('the last end', () => count() >= total)
}
