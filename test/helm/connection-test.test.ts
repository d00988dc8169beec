import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createPlain, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createServer as createTls } from 'node:tls'
import type { PodSpec } from 'kubernetes-types/core/v1.d.ts'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts'
import { makeAuthority } from '../support/authority.ts'
import { startProxy } from '../support/proxy.ts'
import { objectsIn } from './documents.ts'

/** The program of the pod that `helm test` runs, towards another address. */
function programOf(golden: string, port: number): string {
  const pod = objectsIn(golden).find(({ kind }) => kind === 'Pod')?.spec as PodSpec
  const [node, flag, program] = pod.containers[0]?.command ?? []
  assert.deepEqual([node, flag], ['/usr/local/bin/node', '-e'])
  return String(program)
    .replace(/const host = '[^']*'/, "const host = '127.0.0.1'")
    .replace(/const port = \d+/, `const port = ${port}`)
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

test('helm test passes a listener that takes PROXY protocol, whether the pod is in its networks or not', async (t) => {
  const proxy = await startProxy(t, {
    listeners: {
      'basic-auth-tls': { proxyProtocol: { from: ['127.0.0.0/8'] } },
      'mutual-tls': { proxyProtocol: { from: ['10.0.0.0/8'] } },
    },
  })
  const program = (listener: 'basic-auth-tls' | 'mutual-tls') =>
    programOf('test/helm/golden/nlb-values.yaml', proxy.port(listener))
  assert.equal(await exitWith(program('basic-auth-tls')), 0)
  assert.equal(await exitWith(program('mutual-tls')), 0)
  const plain = programOf('test/helm/golden/gateway-minimal.yaml', proxy.port('basic-auth-tls'))
  assert.equal(await exitWith(plain), 1, 'without a header it gets nowhere')
})

test('the NetworkPolicy lets in the pod of helm test, and no other', () => {
  const objects = objectsIn('test/helm/golden/nlb-values.yaml')
  const pod = objects.find(({ kind }) => kind === 'Pod')
  const policy = objects.find(({ kind }) => kind === 'NetworkPolicy') as NetworkPolicy | undefined
  const peers = policy?.spec?.ingress?.[0]?.from ?? []
  assert.deepEqual(
    peers.flatMap(({ podSelector }) => podSelector ?? []),
    [{ matchLabels: pod?.metadata.labels }],
  )
})
