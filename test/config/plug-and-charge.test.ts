import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, minimal, problemsOf, warningsOf } from './support.ts'

const section = (yaml: string, files = {}) => load(`${minimal}plugAndCharge: ${yaml}\n`, {}, files)
const pool = (more: string) => `{ evCertificate: { mode: serve, pool: { ${more} } } }`

const wrong: readonly (readonly [string, string, RegExp])[] = [
  ['status without hosts', '{ certificateStatus: { mode: serve } }', /mode: serve needs hosts/],
  ['a host with a path', '{ certificateStatus: { hosts: ["a/b"] } }', /hosts\[0\]: must be a host name/],
  [
    'a time above that of a CALL',
    '{ certificateStatus: { mode: serve, hosts: [a], timeout: 60s } }',
    /timeout: must be less than limits\.callTimeout/,
  ],
  ['serve without a pool', '{ evCertificate: { mode: serve } }', /mode: serve needs pool/],
  ['a pool of no HTTP', pool('url: "ftp://pool/x"'), /url: must be an http:\/\/ or https:/],
  ['a password in the URL', pool('url: "https://u:p@pool/x"'), /url: must not hold a user name or password/],
  [
    'a certificate without key',
    pool('url: "https://pool/x", certificate: a.pem'),
    /both certificate and key/,
  ],
  [
    'a certificate without TLS',
    pool('url: "http://pool/x", certificate: a.pem, key: a.key'),
    /a client certificate needs an https/,
  ],
  ['signing without an authority', '{ signCertificate: { mode: serve } }', /mode: serve needs authority/],
  [
    'an authority of two kinds',
    '{ signCertificate: { authority: { local: { pkcs12: a }, http: { url: "https://a/", roots: b } } } }',
    /authority: must hold one of local, est and http/,
  ],
  [
    'a template that nobody knows',
    '{ signCertificate: { mode: serve, commonNames: ["{name}"] } }',
    /commonNames\[0\]: knows \{identity\} and/,
  ],
  [
    'contracts without responders',
    '{ authorize: { mode: serve, issuers: [a.pem] } }',
    /mode: serve needs hosts/,
  ],
  [
    'contracts without authorities',
    '{ authorize: { mode: serve, hosts: [a] } }',
    /mode: serve needs issuers/,
  ],
  ['a token that is not there', pool('url: "https://pool/x", tokenFile: none'), /tokenFile/],
]
for (const [name, yaml, expected] of wrong)
  test(`plugAndCharge: ${name} is refused`, () =>
    assert.match(problemsOf(section(yaml)).join('\n'), expected))

test('[CWE-319] a token does not go over plain HTTP', () => {
  const result = section(pool('url: "http://pool.example.com/x", tokenFile: token'), {
    '/etc/proxy/token': 'token-of-the-pool',
  })
  assert.match(problemsOf(result).join('\n'), /a token needs an https/)
})

test('what is doubtful is a warning', () => {
  const warnings = (yaml: string) => warningsOf(section(yaml)).join('\n')
  assert.match(warnings('{ certificateStatus: { mode: serve, hosts: [a] } }'), /issuers: empty/)
  assert.match(
    warnings('{ authorize: { mode: serve, hosts: [a], issuers: [a.pem], unreachable: allow } }'),
    /charges on a revoked contract/,
  )
  assert.match(warnings(pool('url: "https://pool/x", timeout: 5s')), /give up after 5 s/)
  assert.match(warnings(pool('url: "http://pool/x"')), /anybody on the way/)
  assert.equal(warnings(pool('url: "http://127.0.0.1:1/x"')).includes('anybody'), false)
})

test('everything passes unless it is said otherwise; secrets come out of their files', () => {
  const usual = section('{}')
  assert.ok(usual.ok)
  assert.equal(usual.config.plugAndCharge?.certificateStatus.mode, 'pass')
  assert.equal(usual.config.plugAndCharge?.evCertificate.mode, 'pass')
  const given = section(pool('url: "https://pool/x", tokenFile: token'), {
    '/etc/proxy/token': 'of the pool\n',
  })
  assert.ok(given.ok)
  assert.partialDeepStrictEqual(given.config.plugAndCharge?.evCertificate.pool, {
    token: 'of the pool',
    passphrase: null,
    timeout: 4500,
  })
})
