import type { ListenerName } from '../support/proxy-config.ts'
import { RawClient, readAnswer, upgradeRequest } from '../support/raw-client.ts'
import type { World } from './world.ts'

/** The HTTP status that a bare client gets at the gate: 101 admits it. */
export async function statusAtGate(
  world: World,
  listener: Exclude<ListenerName, 'mutual-tls'>,
  identity: string,
  password: Buffer,
): Promise<number> {
  const tls = listener === 'basic-auth-tls' ? { tls: {} } : {}
  const client = await RawClient.connect({ port: world.port(listener), ...tls })
  client.write(upgradeRequest({ identity, password }))
  const { status } = readAnswer(await client.until((heard) => heard.includes('\r\n\r\n')))
  client.destroy()
  await client.over()
  return status
}
