import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below what Linux gives to whoever binds port 0 or connects (32768 and up), the bus port of a cluster's node included. */
const [from, to] = [12_000, 22_000]

/** Nobody asks with UDP for these: a test file that has one bound holds the TCP port of its number until it ends. */
async function reserve(port: number): Promise<boolean> {
  const token = createSocket('udp4').unref()
  token.bind({ port, address: '127.0.0.1', exclusive: true })
  try {
    await once(token, 'listening')
    return true
  } catch {
    token.close()
    return false
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  await once(server.close(), 'close')
  return true
}

/**
 * A TCP port of 127.0.0.1 for a program that cannot be asked which one it took, or that must come back on
 * the same one. Nobody else takes it while this test file runs: what others get is chosen by the kernel
 * from another range, and two files that choose here never have the same one.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(from, to)
    if ((await reserve(port)) && (await isFree(port))) return port
  }
}
