import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createPlain, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createServer as createTls } from 'node:tls'
import type { PodSpec } from 'kubernetes-types/core/v1.d.ts'
import { makeAuthority } from '../support/authority.ts'
import { objectsIn } from './documents.ts'

/** The program of the pod that `helm test` runs, towards another address. */
function programOf(golden: string, port: number): string {
  const pod = objectsIn(golden).find(({ kind }) => kind === 'Pod')?.spec as PodSpec
  const [node, flag, program] = pod.containers[0]?.command ?? []
  assert.deepEqual([node, flag], ['/usr/local/bin/node', '-e'])
  return String(program)
    .replace(/host: '[^']*'/, "host: '127.0.0.1'")
    .replace(/port: \d+/, `port: ${port}`)
}

async function exitWith(program: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  return code as number
}

async function listen(t: TestContext, server: Server): Promise<number> {
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('helm test passes where a TLS listener answers, and fails where none does', async (t) => {
  const golden = 'test/helm/golden/gateway-minimal.yaml'
  const { chain, key } = await (await makeAuthority()).server()
  const tls = createTls({ cert: chain, key }, (socket) => socket.end())
  assert.equal(await exitWith(programOf(golden, await listen(t, tls))), 0)
  const plain = createPlain((socket) => socket.end())
  assert.equal(await exitWith(programOf(golden, await listen(t, plain))), 1)
})
