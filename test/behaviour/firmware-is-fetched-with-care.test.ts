import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { FirmwareEntry } from '../../src/store/store.ts'
import { certificateServer } from '../support/certificate-server.ts'
import { startFileServer } from '../support/file-server.ts'
import { makeMaker, makerSection, signatureOf } from '../support/firmware.ts'
import { operator } from '../support/operator.ts'
import { startProxy } from '../support/proxy.ts'

async function setUp(t: TestContext) {
  const boss = operator(t)
  const maker = await makeMaker(t)
  const proxy = await startProxy(t, {
    admin: boss.section,
    files: { 'maker-root.pem': maker.root.certificate },
    firmware: makerSection,
  })
  const reload = async (more: object) =>
    assert.equal(await proxy.reload({ firmware: { ...makerSection, ...more } }), 'reloaded')
  /** What the proxy finds of this entry; null: nothing is wrong. */
  const verify = async (more: Partial<FirmwareEntry> = {}, body: object = {}) => {
    await proxy.store.firmware.put(maker.entry(more))
    const answer = await boss.ask(proxy, 'POST', '/firmware/v2/verify', body)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    const [problem] = answer.body.problems as { code: string; detail: string }[]
    return problem ?? null
  }
  return { boss, maker, proxy, reload, verify }
}

test('[A00.FR.706] [CWE-918] [CWE-770] an image is fetched with care', async (t) => {
  const { maker, proxy, reload, verify } = await setUp(t)
  const { image } = maker
  const says: Record<string, (response: ServerResponse) => unknown> = {
    '/good': (response) => response.end(image),
    '/cut': (response) => {
      response.writeHead(200, { 'content-length': String(image.length) })
      response.write(image.subarray(0, 1000), () => response.destroy())
    },
    '/slow': (response) => response.write(image.subarray(0, 1000)),
    '/endless': (response) => {
      response.on('drain', () => response.write(image))
      while (response.write(image));
    },
    '/error': (response) => response.writeHead(500).end(image),
    '/partial': (response) => response.writeHead(206).end(image),
    '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
    '/same': (response) => response.writeHead(302, { location: '/good' }).end(),
    '/file': (response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  }
  const files = await startFileServer(t, ({ url }, response) => says[url]?.(response))
  const port = new URL(files.url).port
  says['/elsewhere'] = (response) =>
    response.writeHead(302, { location: `http://localhost:${port}/good` }).end()
  says['/inside'] = (response) => response.writeHead(302, { location: `http://[::1]:${port}/good` }).end()
  const at = (path: string) => ({ location: `${files.url}${path}` })

  assert.equal(await verify(at('/good')), null)
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['/cut', 'image_unreachable', /aborted|closed|hang up|reset/i],
    ['/error', 'image_unreachable', /status 500/],
    ['/partial', 'image_unreachable', /status 206/],
    ['/loop', 'image_unreachable', /sends elsewhere/],
    ['/file', 'image_unreachable', /no http or https URL/],
    ['/elsewhere', 'image_unreachable', /host localhost is not allowed/],
    ['/inside', 'image_unreachable', /host ::1 is not allowed/],
  ]
  for (const [path, code, detail] of cases) {
    await t.test(`${path}: ${code}`, async () => {
      const problem = await verify(at(path))
      assert.equal(problem?.code, code)
      assert.match(problem?.detail ?? '', detail)
    })
  }
  await t.test('a redirect to the same host is followed, another one where it is listed', async () => {
    assert.equal(await verify(at('/same')), null)
    await reload({ hosts: ['localhost'] })
    assert.equal(await verify(at('/elsewhere')), null)
  })
  await t.test('loopback is asked where it is listed only', async () => {
    const asked = files.opened()
    await reload({ networks: [] })
    const problem = await verify(at('/good'))
    assert.deepEqual(
      [problem?.code, /127.0.0.1 is not allowed/.test(problem?.detail ?? '')],
      ['image_unreachable', true],
    )
    assert.equal(files.opened(), asked)
  })
  await t.test('an image without end is not read to its end', async () => {
    await reload({ maxImageBytes: '2MiB' })
    assert.equal((await verify(at('/endless')))?.code, 'image_too_large')
  })
  await t.test('a server that falls silent costs fetchTimeout, and no more', async () => {
    await reload({ fetchTimeout: '300ms' })
    const problem = await verify(at('/slow'))
    assert.deepEqual(
      [problem?.code, problem?.detail],
      ['image_unreachable', 'the server did not answer in time'],
    )
    await reload({})
  })
  await t.test('ftp is not fetched, and counts as it was verified when it was added', async () => {
    const location = 'ftp://files.example/v2.bin'
    assert.equal((await verify({ location }))?.code, 'image_unverified')
    assert.equal(await verify({ location, verifiedAt: Date.now() }, { fetch: false }), null)
  })
  await t.test('another image, another size, another signature', async () => {
    const sha256 = createHash('sha256').update('another').digest('hex')
    assert.equal((await verify({ ...at('/good'), sha256 }))?.code, 'image_differs')
    const signature = signatureOf(Buffer.from('another'), maker.signer)
    assert.equal((await verify({ ...at('/good'), signature }))?.code, 'signature_invalid')
  })
  const shown = await proxy.store.firmware.get('v2')
  assert.match(String(shown?.problem), /^signature_invalid/, 'what was found last is shown')
})

test('[A00.FR.706] over https the file server is verified by the roots that are configured', async (t) => {
  const { maker, proxy, reload, verify } = await setUp(t)
  const { certificate: cert, key } = await maker.root.server()
  await using server = await certificateServer({ cert, key }, (_request, response) =>
    response.end(maker.image),
  )
  const location = `${server.origin}/v2.bin`
  const problem = await verify({ location })
  assert.equal(problem?.code, 'image_unreachable')
  assert.match(problem?.detail ?? '', /certificate/)
  writeFileSync(join(proxy.pki.folder, 'files-root.pem'), maker.root.certificate)
  await reload({ ca: 'files-root.pem' })
  assert.equal(await verify({ location }), null)
  assert.equal(server.seen.length, 1, 'nothing was asked of a server that nobody knows')
})
