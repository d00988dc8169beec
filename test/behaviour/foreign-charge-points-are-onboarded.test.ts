import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { RPCClient } from 'ocpp-rpc'
import { expectedOnboarding } from '../../src/policy/onboarding.ts'
import { keyArguments, makeOpensslCa, needsOpenssl, type OpensslCa } from '../support/openssl-ca.ts'
import { startProxy, type TestProxy } from '../support/proxy.ts'
import { localAuthority } from '../support/proxy-config.ts'

const serialNumber = 'SN-0001'
const roots = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']

interface Shown {
  readonly cert: string | Buffer
  readonly key: Buffer
}

/** Its types ask for every option; its code and its manual do not. */
const options = (proxy: TestProxy, shown: Shown) =>
  ({
    endpoint: proxy.url('mutual-tls'),
    identity: 'CP-1',
    protocols: ['ocpp1.6'],
    reconnect: false,
    wsOpts: { ca: proxy.pki.serverRoot, ...shown },
  }) as unknown as ConstructorParameters<typeof RPCClient>[0]

/** A key and a request of the openssl tool, with this name of the operator. */
function request(maker: OpensslCa, type: 'rsa' | 'ec', cpoName: string): string {
  const files = ['-keyout', 'new.key', '-out', 'new.csr', '-subj', `/O=${cpoName}/CN=${serialNumber}`]
  maker.run('req', '-nodes', '-sha256', ...keyArguments[type], ...files)
  return readFileSync(maker.file('new.csr'), 'utf8')
}

/** The charge point's side of A02, with ocpp-rpc. Fulfilled with the new chain when the proxy has hung up. */
async function renewed(
  t: TestContext,
  proxy: TestProxy,
  maker: OpensslCa,
  type: 'rsa' | 'ec',
): Promise<string> {
  const client = new RPCClient(
    options(proxy, {
      cert: readFileSync(maker.file(`${serialNumber}.pem`)),
      key: readFileSync(maker.file(`${serialNumber}.key`)),
    }),
  )
  t.after(() => client.close({ force: true }))
  let cpoName = ''
  let chain = ''
  const params = (call: unknown) => (call as { params: Record<string, string> }).params
  client.handle('GetConfiguration', async () => ({ configurationKey: [], unknownKey: [] }))
  client.handle('ChangeConfiguration', async (call: unknown) => {
    cpoName = params(call).value ?? ''
    return { status: 'Accepted' }
  })
  client.handle('ExtendedTriggerMessage', async () => {
    setImmediate(() => void client.call('SignCertificate', { csr: request(maker, type, cpoName) }))
    return { status: 'Accepted' }
  })
  client.handle('CertificateSigned', async (call: unknown) => {
    chain = params(call).certificateChain ?? ''
    return { status: 'Accepted' }
  })
  const closed = once(client, 'close')
  await client.connect()
  const boot = await client.call('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' })
  assert.partialDeepStrictEqual(boot, { status: 'Pending', interval: 30 })
  await closed
  return chain
}

for (const type of ['rsa', 'ec'] as const) {
  test(
    `[A00.FR.406] [A02.FR.01] [A00.FR.804] ocpp-rpc with ${type} certificate and request of the openssl tool`,
    needsOpenssl,
    async (t) => {
      const maker = makeOpensslCa(type, roots, '/O=Maker/CN=Maker root')
      t.after(() => maker.remove())
      maker.issue(serialNumber, { key: type })
      const proxy = await startProxy(t, {
        certificateAuthority: localAuthority,
        onboarding: {},
        files: { 'maker-root.pem': maker.root.toString() },
        listeners: {
          'mutual-tls': {
            tls: {
              certificates: [{ certificate: 'server-ecdsa.pem', key: 'server-ecdsa.key' }],
              names: ['localhost'],
              clientCertificates: { trust: ['cpo-root.pem'], factory: ['maker-root.pem'] },
            },
          },
        },
      })
      await proxy.register('CP-1', { onboarding: expectedOnboarding('certificate', null, 1) })
      const chain = await renewed(t, proxy, maker, type)
      assert.match(new X509Certificate(chain).subject, /O=Example CPO/)
      assert.deepEqual(proxy.centralEvents, [], 'the central system saw nothing so far')

      const own = new RPCClient(options(proxy, { cert: chain, key: readFileSync(maker.file('new.key')) }))
      t.after(() => own.close({ force: true }))
      await own.connect()
      const boot = await own.call('BootNotification', { chargePointVendor: 'V', chargePointModel: 'M' })
      assert.partialDeepStrictEqual(boot, { status: 'Accepted' })
      assert.partialDeepStrictEqual(await proxy.store.registry.get('CP-1'), {
        onboarding: null,
        securityProfile: 3,
      })
    },
  )
}
