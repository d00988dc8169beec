import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, minimal, pair, problemsOf, warningsOf, withListeners } from './support.ts'

/** YAML of listeners, more sections, and what must be said; an empty list: nothing. */
type Case = readonly [name: string, yaml: string, problems: readonly RegExp[], warnings?: readonly RegExp[]]

const tls2 = (tls: string, more = '') =>
  withListeners([`{ name: a, address: "127.0.0.1:1", securityProfile: 2, tls: { ${pair}, ${tls} } }`], more)
const plain = (address: string, profile = 1) =>
  withListeners([`{ name: a, address: "${address}", securityProfile: ${profile} }`])
const central = (section: string) => minimal.replace(/centralSystem:.*/, `centralSystem: { ${section} }`)
const names = 'cpo: { names: [X] }'
const messages = (section: string) => `${minimal}messages: { ${section} }`
const mutual = (more: string, listenerMore = ', clientCertificates: { trust: [t.pem] }') =>
  withListeners(
    [`{ name: a, address: "127.0.0.1:1", securityProfile: 3, tls: { ${pair}${listenerMore} } }`],
    more,
  )

const revoking = (more: string) =>
  mutual(names, `, clientCertificates: { trust: [t.pem], revocation: { ${more} } }`)

const cases: readonly Case[] = [
  [
    '[A00.FR.311] profiles 2 and 3 need TLS',
    withListeners([
      '{ name: a, address: "127.0.0.1:1", securityProfile: 2 }',
      '{ name: b, address: "127.0.0.1:2", securityProfile: 3 }',
    ]) + names,
    [/\[0\]\.tls: is missing: profile 2 .*A00\.FR\.311/, /\[1\]\.tls: is missing: profile 3/],
  ],
  [
    '[A00.FR.201] profiles 0 and 1 have no TLS',
    withListeners([`{ name: a, address: "127.0.0.1:1", securityProfile: 1, tls: { ${pair} } }`]),
    [/tls: profile 1 is without TLS/],
  ],
  ['[A00.FR.402] profile 3 needs trust', mutual(names, ''), [/clientCertificates: is missing.*A00\.FR\.402/]],
  [
    '[A00.FR.402] profile 2 has no client certificates',
    tls2('clientCertificates: { trust: [t] }'),
    [/for profile 3 only/],
  ],
  [
    '[A00.FR.404] profile 3 needs a name of the operator',
    mutual(''),
    [/cpo\.names: profile 3 needs.*A00\.FR\.404/],
  ],
  ['profile 3 with everything', mutual(names), []],
  ['[A00.FR.704] CRLs of files and URLs', revoking('crl: [a.crl, "http://pki.example.com/a.crl"]'), []],
  ['[A00.FR.704] a CRL of another scheme is a file', revoking('crl: ["ldap://a"]'), []],
  ['[A00.FR.704] the same CRL twice', revoking('crl: [a.crl, a.crl]'), [/same value/]],
  [
    '[A00.FR.702] OCSP of a named responder',
    revoking('ocsp: hard, responder: "https://ocsp.example.com/a"'),
    [],
  ],
  [
    '[A00.FR.702] OCSP of those in certificates',
    revoking('ocsp: soft, hosts: [.example.com, 192.0.2.1]'),
    [],
  ],
  ['[CWE-918] OCSP of whom?', revoking('ocsp: soft'), [/ocsp: soft needs responder, or hosts/]],
  [
    '[CWE-918] a URL as host',
    revoking('hosts: ["http://a.example"]'),
    [/hosts\[0\]: must be a host name alone/],
  ],
  ['[CWE-918] networks are networks', revoking('networks: [localhost]'), [/networks\[0\]/]],
  [
    '[CWE-312] a password in a URL',
    revoking('crl: ["http://u:p@a.example/a.crl"]'),
    [/crl\[0\]: must not hold a user name/],
  ],
  [
    'a responder of another scheme',
    revoking('ocsp: soft, responder: "ldap://a"'),
    [/responder: must be an http/],
  ],
  [
    'a wait that outlives the handshake',
    revoking('ocsp: soft, responder: "http://127.0.0.1:1", wait: 10s, timeout: 20s'),
    [/wait: must be less than limits\.handshakeTimeout/],
  ],
  [
    'a wait beyond the time-out',
    revoking('ocsp: soft, responder: "http://127.0.0.1:1", wait: 3s, timeout: 1s'),
    [],
    [/wait: is above timeout/],
  ],
  [
    '[A00.FR.804] onboarding needs somebody who can come',
    mutual(`${names}\nonboarding: {}`),
    [/onboarding: nobody could come.*A00\.FR\.804/],
  ],
  [
    '[A00.FR.805] onboarding by certificate needs an authority',
    mutual(`${names}\nonboarding: {}`, ', clientCertificates: { trust: [t.pem], factory: [f.pem] }'),
    [/onboarding: factory certificates are replaced.*A00\.FR\.805/],
  ],
  ['onboarding by password needs nothing', `${minimal}onboarding: {}`, []],
  [
    'an onboarding ends where a listener is, and where somebody signs',
    `${minimal}onboarding: { endOnProfile: 3 }`,
    [
      /endOnProfile: no listener has security profile 3/,
      /endOnProfile: profile 3 needs certificateAuthority/,
    ],
  ],
  [
    'times of an onboarding that do not fit',
    `${minimal}onboarding: { timeout: 1h, sessionTimeout: 1m, retry: { initial: 2h, max: 1h } }`,
    [/onboarding\.timeout: is longer than onboarding\.sessionTimeout/, /retry\.initial: is longer/],
  ],
  [
    '[CWE-306] whoever learns factory certificates is told what that means',
    `${minimal}onboarding: { unknownChargePoints: learn }`,
    [],
    [/unknownChargePoints: learn: every charge point of these manufacturers/],
  ],
  ['edition 4 has no legacy lane', tls2('legacy: true', 'edition: 4'), [/legacy: edition 4 allows no/]],
  ['[A00.FR.314] edition 3 has one', tls2('legacy: true'), []],
  [
    '[A00.FR.319] a suite outside the list',
    tls2('ciphers: [AES128-SHA]'),
    [/ciphers\[0\]: "AES128-SHA" does not fit/],
  ],
  [
    '[A00.FR.317] mandatory suites left out',
    tls2('ciphers: [AES128-GCM-SHA256]'),
    [],
    [/left out: ECDHE-ECDSA/],
  ],
  ['[A00.FR.317] mandatory suites out of reach', tls2('minVersion: TLSv1.3'), [], [/out of reach/]],
  ['no suite left', tls2('minVersion: TLSv1.3, ciphers: [AES128-GCM-SHA256]'), [/belongs to TLS 1\.3/]],
  ['[A00.FR.510] wildcards', tls2('names: ["*.example.com"]'), [/wildcards/]],
  ['[A00.FR.510] a URL as name', tls2('names: ["https://a.example"]'), [/host name alone/]],
  ['[A00.FR.510] an address as name', tls2('names: ["192.0.2.1"]'), [], [/IP address/]],
  [
    '[A00.FR.206] profile 1 on a public address',
    plain('8.8.8.8:80'),
    [],
    [/clear text, and this address is public/],
  ],
  ['[A00.FR.206] profile 1 on every address', plain('0.0.0.0:80'), [], [/every address/]],
  ['[A00.FR.206] profile 1 on every IPv6 address', plain('[::]:80'), [], [/every address/]],
  ['[A00.FR.206] profile 1 on a name', plain('proxy.example:80'), [], [/a name does not tell/]],
  [
    '[A00.FR.206] profile 0 on a public address',
    plain('[2001:db8::1]:80', 0),
    [],
    [/profile 0 protects nothing/, /\[0\]\.securityProfile: profile 0 asks nobody for proof.*CWE-306/],
  ],
  ['[CWE-306] profile 0 at home', plain('127.0.0.1:80', 0), [], [/profile 0 asks nobody for proof/]],
  ['[A00.FR.201] profile 1 on private addresses', plain('10.1.2.3:80'), []],
  ['[A00.FR.201] profile 1 on a unique local address', plain('[fd00::1]:80'), []],
  [
    'a name twice',
    withListeners([
      '{ name: a, address: "127.0.0.1:1", securityProfile: 1 }',
      '{ name: a, address: "127.0.0.1:2", securityProfile: 1 }',
    ]),
    [/\[1\]\.name: a is the name of an earlier listener/],
  ],
  [
    '[A00.FR.006] an address twice, by another name of it',
    withListeners([
      '{ name: a, address: "localhost:1", securityProfile: 1 }',
      '{ name: b, address: "127.0.0.1:1", securityProfile: 1 }',
      '{ name: c, address: "127.0.0.1:0", securityProfile: 1 }',
      '{ name: d, address: "127.0.0.1:0", securityProfile: 1 }',
    ]),
    [/\[1\]\.address: listener a listens there already/],
  ],
  ['the admin address is taken', plain('127.0.0.1:9090'), [/admin\.address is the same/]],
  ['admin for other machines', `${minimal}admin: { address: "0.0.0.0:9090" }`, [], [/no admin\.tokenFile/]],
  [
    'PROXY protocol from anybody',
    withListeners(['{ name: a, address: "10.0.0.1:1", securityProfile: 1, proxyProtocol: true }']),
    [],
  ],
  [
    'PROXY protocol from the world',
    withListeners([
      `{ name: a, address: "0.0.0.0:1", securityProfile: 2, proxyProtocol: true, tls: { ${pair} } }`,
    ]),
    [],
    [/claim any address/],
  ],
  [
    'a network that is none',
    withListeners([
      '{ name: a, address: "127.0.0.1:1", securityProfile: 1, proxyProtocol: { from: [10.0.0.0/33] } }',
    ]),
    [/from\[0\]: "10\.0\.0\.0\/33" does not fit/],
  ],
  ['http is no WebSocket', central('url: "http://a"'), [/must be a ws:/]],
  ['[CWE-200] a password in the URL', central('url: "ws://a:b@c"'), [/must not hold a user name/]],
  ['a query in the URL', central('url: "ws://a/?x=1"'), [/must not hold \? or #/]],
  ['ws to the internet', central('url: "ws://8.8.8.8/"'), [], [/public address/]],
  ['roots without wss', central('url: "ws://a", ca: x.pem'), [], [/ca: has no effect/]],
  [
    'perChargePoint without a key',
    central('url: "ws://a", authorization: perChargePoint'),
    [/sealingKeyFile/],
  ],
  [
    'a user without password',
    central('url: "ws://a", authorization: { username: u }'),
    [/either password or/],
  ],
  [
    'an unknown mode',
    central('url: "ws://a", authorization: drop'),
    [/must be strip, forward, perChargePoint or/],
  ],
  [
    'a header that the proxy owns',
    central('url: "ws://a", headers: { sec-websocket-protocol: x, Upgrade: x, "a b": x, A: "1", a: "2" }'),
    [/belongs to the connection/, /belongs to the connection/, /no valid name/, /stands here twice/],
  ],
  [
    '[CWE-93] a line break in a header',
    central('url: "ws://a", headers: { A: "a\\r\\nB: c" }'),
    [/line breaks/],
  ],
  [
    'an unknown placeholder',
    central('url: "ws://a", headers: { A: "{identiy}" }'),
    [/\{identiy\} is no known/],
  ],
  [
    'two sources of one header',
    central('url: "ws://a", authorization: forward, headers: { authorization: x }'),
    [/sets this header already/],
  ],
  ['[CWE-306] learning', `${minimal}admission: { unknownChargePoints: learn }`, [], [/whoever comes first/]],
  [
    'a check that is off',
    `${minimal}admission: { checks: { profile_mismatch: off } }`,
    [],
    [/this check is not made/],
  ],
  ['a check on report', `${minimal}admission: { checks: { profile_mismatch: report } }`, []],
  [
    '[OCPP 1.6 3.7] schemas of transaction messages enforced',
    messages('schema: enforce, schemaTransactions: enforce'),
    [],
    [/schemaTransactions: enforce can lose billing data/],
  ],
  [
    'schemas of transaction messages alone',
    messages('schema: report, schemaTransactions: enforce'),
    [],
    [/schemaTransactions: has no effect: messages\.schema is report/],
  ],
  ['schemas', messages('schema: enforce'), []],
  [
    '[CWE-345] certificates on the open line',
    messages(
      'overInsecureProfiles: { profile0: { certificates: allow }, profile1: { certificates: allow } }',
    ),
    [],
    [/profile0\.certificates: allow: whoever/, /profile1\.certificates: allow: whoever/],
  ],
  ['passwords refused', messages('overInsecureProfiles: { profile1: { passwords: refuse } }'), []],
  ['lists', messages('fromCentralSystem: { allow: [Reset], denyConfigurationKeys: [CpoName] }'), []],
  [
    'a list with a text that is too long',
    messages(`fromCentralSystem: { deny: [${'x'.repeat(51)}] }`),
    [/deny\[0\]/],
  ],
  ['limits that end each other', `${minimal}limits: { connections: 10 }`, [], [/above limits\.connections/]],
  [
    'a path with dots',
    minimal.replace('Profile: 1', 'Profile: 1, path: /a/..'),
    [/path: "\/a\/\.\." does not fit/],
  ],
  [
    'a path with a slash at its end',
    minimal.replace('Profile: 1', 'Profile: 1, path: /a/'),
    [/without a slash/],
  ],
  ['a port that is none', plain('127.0.0.1:65536'), [/must be host:port/]],
  ['an address that is none', plain('1.2.3:80'), [/must be host:port/]],
]

for (const [name, yaml, problems, warnings = []] of cases) {
  test(name, () => {
    const result = load(yaml)
    const said = problemsOf(result)
    assert.equal(said.length, problems.length, said.join('\n'))
    for (const [index, words] of problems.entries()) assert.match(said[index] ?? '', words)
    if (problems.length > 0) return
    const warned = warningsOf(result)
    assert.equal(warned.length, warnings.length, warned.join('\n'))
    for (const [index, words] of warnings.entries()) assert.match(warned[index] ?? '', words)
  })
}
