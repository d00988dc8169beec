import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { cipherNames } from '../../src/config/schema/ciphers.ts'
import { certificateArgs } from '../support/openssl-client.ts'
import { startProxy } from '../support/proxy.ts'

const run = promisify(execFile)
const sslscanProblem: string | false =
  spawnSync('sslscan', ['--version']).status === 0 ? false : 'sslscan is not installed'

test('sslscan finds what is allowed, and nothing else', { skip: sslscanProblem }, async (t) => {
  const proxy = await startProxy(t, { serverKeys: ['rsa', 'ecdsa'] })
  await proxy.register()
  for (const legacy of [false, true]) {
    assert.equal(await proxy.reload({ tls: { legacy } }), 'reloaded')
    const shown = certificateArgs(proxy.pki.folder, await proxy.pki.cpo.chargePoint({ key: 'rsa' }))
    for (const [listener, ids] of [
      ['basic-auth-tls', '[A00.FR.316][A00.FR.319][A00.FR.320]'],
      ['mutual-tls', '[A00.FR.420][A00.FR.423][A00.FR.424]'],
    ] as const) {
      await t.test(`${ids} ${listener}, legacy lane ${legacy ? 'on' : 'off'}`, async () => {
        const { stdout } = await run('sslscan', ['--no-colour', `127.0.0.1:${proxy.port(listener)}`])
        const has = (pattern: RegExp) => assert.match(stdout, pattern)
        for (const version of ['SSLv2', 'SSLv3']) has(new RegExp(`^${version}\\s+disabled`, 'm'))
        for (const version of ['TLSv1\\.0', 'TLSv1\\.1'])
          has(new RegExp(`^${version}\\s+${legacy ? 'enabled' : 'disabled'}`, 'm'))
        for (const version of ['TLSv1\\.2', 'TLSv1\\.3']) has(new RegExp(`^${version}\\s+enabled`, 'm'))
        has(/Compression disabled|OpenSSL version does not support compression/)
        // With TLS 1.0 on, sslscan takes the offer of secure renegotiation for its success; see below.
        if (!legacy) has(/Session renegotiation not supported/)
        assert.doesNotMatch(stdout, /is vulnerable|vulnerable to heartbleed$/)
        const suites = [...stdout.matchAll(/^(?:Preferred|Accepted)\s+(\S+)\s+\d+ bits\s+(\S+)/gm)]
        assert.ok(suites.length >= 4, stdout)
        for (const [, version = '', suite = ''] of suites) {
          const isOld = version === 'TLSv1.0' || version === 'TLSv1.1'
          const allowed: readonly string[] = isOld ? ['AES128-SHA'] : cipherNames
          assert.ok(allowed.includes(suite), `${version} ${suite}`)
        }
      })
      for (const version of legacy ? ['-tls1_1', '-tls1_2'] : ['-tls1_2']) {
        await t.test(`${ids} no renegotiation with ${version} on ${listener}`, async () => {
          const output = await renegotiate(proxy.port(listener), [version, ...shown])
          assert.match(output, /RENEGOTIATING/)
          assert.match(output, /no renegotiation/)
        })
      }
    }
  }
})

/** What openssl says when it asks for a renegotiation. */
async function renegotiate(port: number, extra: readonly string[]): Promise<string> {
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-cipher', 'ALL:@SECLEVEL=0', ...extra]
  const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  let isAsked = false
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      // A line with nothing but R asks for it, once the handshake is over. The refusal ends it, and not its input.
      if (isAsked || !output.includes('Verify return code')) return
      isAsked = true
      child.stdin.write('R\n')
    })
  }
  child.stdin.on('error', () => {})
  await once(child, 'close')
  return output
}
