import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type CentralSystem, createCentralSystem } from '../../src/simulator/central-system.ts'
import { type ChargePointOptions, createChargePoint } from '../../src/simulator/charge-point.ts'
import { configurationIn, deploymentsIn, objectsIn, podOf, proxyContainer } from '../helm/documents.ts'
import { type Authority, makeAuthority } from '../support/authority.ts'
import { LogLines } from '../support/log-lines.ts'
import { secret } from '../support/secrets.ts'
import { keep } from '../support/transcript.ts'
import type { Image } from './build.ts'
import { jailProblem, runInJail, startInJail } from './jail.ts'
import { configMapsIn, mountVolumes, updateVolume } from './volumes.ts'

/**
 * Tests of the example of a sidecar as a pod would run it, less the container engine: the image and the rendered
 * volumes are all that the process sees (chroot), it is nobody's user, and only its data is writable.
 * A part of image.test.ts, because it needs the image.
 */
const objects = objectsIn('examples/kubernetes/sidecar.yaml')
const serverName = 'ocpp.example.com'
const password = secret('password', randomBytes(20))
const token = secret('admin token', randomBytes(16).toString('hex'))

export function testSidecar(image: Image): void {
  const [deployment] = deploymentsIn(objects)
  assert.ok(deployment !== undefined)
  const pod = podOf(deployment)
  const { args = [] } = proxyContainer(pod)
  const command = [...image.entrypoint, ...args]
  const config = args.at(-1) ?? ''

  let central: CentralSystem
  let servers: Authority
  let cpo: Authority

  const certificateFiles = async (kind: 'ecdsa' | 'rsa') => {
    const { chain, key } = await servers.server(kind, [serverName])
    return { 'tls.crt': chain, 'tls.key': key }
  }

  before(async () => {
    if (jailProblem !== false) return
    central = createCentralSystem({ onEvent: (event) => keep('simulator', JSON.stringify(event)) })
    const { port } = await central.listen()
    ;[servers, cpo] = await Promise.all([makeAuthority({ name: 'Server root' }), makeAuthority()])
    // A test may have no port of its own: any for the listeners, and that of the central system. The rest is as rendered.
    const text = configurationIn(objects) ?? ''
    const ported = text
      .replace(/0\.0\.0\.0:\d+/g, '127.0.0.1:0')
      .replace('127.0.0.1:9000', `127.0.0.1:${port}`)
    mountVolumes(image.root, pod, {
      configMaps: { ...configMapsIn(objects), 'central-system-ocpp': { 'ocpp-security-proxy.yaml': ported } },
      secrets: {
        'central-system-ocpp-tls-ecdsa': await certificateFiles('ecdsa'),
        'central-system-ocpp-tls-rsa': await certificateFiles('rsa'),
        'cpo-root': { 'ca.crt': cpo.certificate },
        'ocpp-admin': { token },
      },
    })
  })
  after(() => central?.close())

  test('nothing but the data can be written to', { skip: jailProblem }, () => {
    const paths = [
      '/app/dist/x',
      '/etc/ocpp-security-proxy/x',
      '/usr/local/bin/x',
      '/x',
      '/var/lib/ocpp-security-proxy/x',
    ]
    const program = `for (const path of ${JSON.stringify(paths)}) {
    try { fs.writeFileSync(path, ''); fs.unlinkSync(path); console.log('written') } catch (error) { console.log(error.code) }
  }`
    const run = runInJail(image, ['/usr/local/bin/node', '-e', program])
    assert.equal(run.stdout, 'EACCES\nEACCES\nEACCES\nEACCES\nwritten\n', run.stderr)
  })

  test('`check` finds nothing wrong with the rendered configuration and its files', {
    skip: jailProblem,
  }, () => {
    const run = runInJail(image, [...image.entrypoint, 'check', '--config', config])
    assert.deepEqual([run.status, run.stderr], [0, ''], run.stdout)
    assert.match(run.stdout, /: 0 errors, 0 warnings; fine\n$/)
  })

  test('the command of the sidecar serves charge points, takes renewed certificates, and drains', {
    skip: jailProblem,
  }, async (t) => {
    const store = '/var/lib/ocpp-security-proxy/proxy.db'
    const cli = (words: readonly string[], input = '') => {
      const run = runInJail(image, [...image.entrypoint, ...words, '--store', store], {}, input)
      assert.equal(run.status, 0, run.stdout + run.stderr)
    }
    cli(['charge-points', 'add', 'CP-1'])
    cli(['credentials', 'set', 'CP-1', '--hex'], `${password.toString('hex')}\n`)
    cli(['charge-points', 'add', 'CP-3', '--serial', 'SN-0001', '--profile', '3'])

    const log = new LogLines()
    const child = startInJail(image, command)
    const exit = once(child, 'exit')
    t.after(() => child.kill('SIGKILL'))
    assert.ok(child.stdout)
    log.readFrom(child.stdout)
    await log.wait('the admin address', ({ msg, listener }) => msg === 'listening' && listener === 'admin')
    const portOf = (name: string) =>
      log.all.find(({ msg, listener }) => msg === 'listening' && listener === name)?.port

    const served = async (listener: string, options: Partial<ChargePointOptions> & { identity: string }) => {
      const tls = { ca: servers.certificate, servername: serverName, ...options.tls }
      const chargePoint = createChargePoint({
        url: `wss://127.0.0.1:${portOf(listener)}/ocpp`,
        securityProfile: 2,
        onEvent: (event) => keep('simulator', JSON.stringify(event)),
        ...options,
        tls,
      })
      t.after(() => chargePoint.close())
      await chargePoint.connect()
      assert.partialDeepStrictEqual(await chargePoint.boot(), {
        kind: 'result',
        payload: { status: 'Accepted' },
      })
      return chargePoint
    }
    const first = await served('basic-auth-tls', {
      identity: 'CP-1',
      password: { bytes: password, form: 'raw' },
    })
    const { chain, key } = await cpo.chargePoint()
    const third = await served('mutual-tls', {
      identity: 'CP-3',
      securityProfile: 3,
      tls: { certificate: chain, key },
    })

    // cert-manager renews: both Secrets change, from an issuer that is new, and no session ends.
    servers = await makeAuthority({ name: 'Next server root' })
    for (const kind of ['ecdsa', 'rsa'] as const) {
      updateVolume(join(image.root, `etc/ocpp-security-proxy/tls/${kind}`), await certificateFiles(kind))
    }
    await log.wait('a reload', ({ msg }) => msg === 'configuration reloaded')
    assert.deepEqual([first.isOpen, third.isOpen], [true, true])
    await first.close()
    const again = await served('basic-auth-tls', {
      identity: 'CP-1',
      password: { bytes: password, form: 'raw' },
      tls: { ca: servers.certificate, maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' },
    })

    const admin = `http://127.0.0.1:${portOf('admin')}`
    assert.equal((await fetch(`${admin}/readyz`)).status, 200)
    const asked = await fetch(`${admin}/api/v1/charge-points`, {
      headers: { authorization: `Bearer ${token}` },
    })
    assert.equal(asked.status, 200)
    // With sessions it would take its time: they are ended spread over the 60 s of the example.
    await Promise.all([third.close(), again.close()])
    child.kill('SIGTERM')
    assert.deepEqual(await exit, [0, null])
  })
}
