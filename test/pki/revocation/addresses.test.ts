import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressKind, createAddressRule, createHostRule } from '../../../src/pki/revocation/addresses.ts'

test('[CWE-918] addresses are what they are, in every notation', () => {
  const kinds = {
    '127.0.0.1': 'loopback',
    '127.255.0.9': 'loopback',
    '::1': 'loopback',
    '::ffff:127.0.0.1': 'loopback',
    '::ffff:7f00:1': 'loopback',
    '169.254.169.254': 'link-local',
    'fe80::1': 'link-local',
    '0.0.0.0': 'unspecified',
    '::': 'unspecified',
    '224.0.0.1': 'multicast',
    'ff02::1': 'multicast',
    '10.1.2.3': 'private',
    '172.31.255.255': 'private',
    '192.168.0.1': 'private',
    'fd00::1': 'private',
    '172.32.0.1': 'public',
    '192.0.2.1': 'public',
    '2001:db8::1': 'public',
  }
  for (const [address, kind] of Object.entries(kinds)) assert.equal(addressKind(address), kind, address)
})

test('[CWE-918] loopback and link-local addresses are refused unless they are listed', () => {
  const rule = createAddressRule(['127.0.0.1', 'fe80::/16', 'nonsense', '10.0.0.0/8'])
  const allowed = ['127.0.0.1', '::ffff:127.0.0.1', 'fe80::7', '10.0.0.1', '192.168.1.1', '203.0.113.9']
  for (const address of allowed) assert.equal(rule(address, 'host'), true, address)
  const refused = ['127.0.0.2', '::1', '169.254.169.254', '0.0.0.0', 'ff02::1', 'ocsp.example.com', '']
  for (const address of refused) assert.equal(rule(address, 'host'), false, address)
})

test('[facts 7.1] hosts by name, or all below a name', () => {
  const rule = createHostRule(['OCSP.example.com', '.pki.example.com', '.'])
  for (const host of ['ocsp.example.com', 'a.pki.example.com', 'a.b.pki.example.com'])
    assert.ok(rule(host), host)
  for (const host of [
    'pki.example.com',
    'evilpki.example.com',
    'ocsp.example.com.evil.test',
    'x.ocsp.example.com',
    '',
  ])
    assert.ok(!rule(host), host)
})
