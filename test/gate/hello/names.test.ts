import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import {
  cipherSuiteName,
  groupName,
  isGrease,
  signatureSchemeName,
} from '../../../src/gate/hello/code-points.ts'
import { offersMandatorySuites } from '../../../src/gate/hello/mandatory-suites.ts'
import type { TlsVersion } from '../../../src/policy/facts.ts'
import { opensslProblem } from './captures.ts'

test('[A00.FR.323] code points have their IANA names, others are hexadecimal', () => {
  assert.equal(cipherSuiteName(0x002f), 'TLS_RSA_WITH_AES_128_CBC_SHA')
  assert.equal(cipherSuiteName(0x0001), '0x0001')
  assert.equal(groupName(0x11ec), 'X25519MLKEM768')
  assert.equal(groupName(0xfe30), '0xfe30')
  assert.equal(signatureSchemeName(0x0804), 'rsa_pss_rsae_sha256')
  assert.equal(signatureSchemeName(0x0101), '0x0101')
})

test('[A00.FR.323] the names of suites are those of openssl', { skip: opensslProblem }, () => {
  const { stdout } = spawnSync('openssl', ['ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'])
  let compared = 0
  for (const match of stdout.toString().matchAll(/0x([0-9A-F]{2}),0x([0-9A-F]{2}) - (TLS_\w+)/g)) {
    const name = cipherSuiteName(Number.parseInt(`${match[1]}${match[2]}`, 16))
    if (name.startsWith('0x')) continue
    assert.equal(name, match[3])
    compared += 1
  }
  assert.ok(compared >= 30, `${compared} names compared`)
})

test('[RFC 8701] there are sixteen GREASE values', () => {
  const found = Array.from({ length: 65536 }, (_, code) => code).filter(isGrease)
  assert.equal(found.length, 16)
  assert.equal(found[0], 0x0a0a)
  assert.equal(found[15], 0xfafa)
})

test('[A00.FR.318][A00.FR.422] mandatory suites: a whole pair, or AES128-SHA below TLS 1.2', () => {
  const offers = (highestVersion: TlsVersion, ...cipherSuites: number[]) =>
    offersMandatorySuites({ highestVersion, cipherSuites })
  assert.equal(offers('TLSv1.2', 0xc02b, 0xc02c), true)
  assert.equal(offers('TLSv1.2', 0x1301, 0x9d, 0x9c), true)
  assert.equal(offers('TLSv1.2', 0xc02b, 0x9d), false)
  assert.equal(offers('TLSv1.2', 0xc02f, 0xc030, 0x2f), false)
  assert.equal(offers('TLSv1.3', 0x1301, 0x1302), false)
  assert.equal(offers('TLSv1.3', 0x1301, 0xc02c, 0xc02b), true)
  assert.equal(offers('TLSv1.1', 0x2f), true)
  assert.equal(offers('TLSv1', 0x35, 0xff), false)
  assert.equal(offers('TLSv1', 0x9c, 0x9d), false)
  assert.equal(offers('SSLv3', 0x2f), false)
})
