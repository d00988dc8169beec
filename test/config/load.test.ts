import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, minimal, problemsOf, warningsOf } from './support.ts'

test('the least configuration is filled up with defaults, its values are resolved, and it is frozen', () => {
  const result = load(minimal)
  assert.ok(result.ok, problemsOf(result).join('\n'))
  const { config } = result
  assert.deepEqual(config.listeners, [
    {
      name: 'one',
      address: { host: '127.0.0.1', port: 8080 },
      securityProfile: 1,
      path: '/ocpp',
      protocols: ['ocpp1.6'],
      subprotocolMismatch: 'reject',
      proxyProtocol: false,
      routes: [],
    },
  ])
  assert.equal(config.limits.handshakeTimeout, 10_000)
  assert.equal(config.limits.requestBytes, 16_384)
  assert.equal(config.store.sqlite, '/etc/proxy/data/proxy.db')
  assert.equal(config.store.sealingKey, null)
  assert.equal(config.store.rejections.age, 90 * 86_400_000)
  assert.deepEqual(config.admin, {
    address: { host: '127.0.0.1', port: 9090 },
    requestsPerMinute: 600,
    token: null,
  })
  assert.equal(config.edition, 3)
  assert.throws(() => Object.assign(config.limits, { idle: 1 }), TypeError)
  assert.throws(() => Object.assign(config.listeners[0] ?? {}, { name: 'x' }), TypeError)
  assert.deepEqual(result.warnings, [])
  assert.deepEqual(result.sources, ['/etc/proxy/proxy.yaml'])
})

test('the root path and a trailing slash of the URL are normalised', () => {
  const result = load(
    minimal.replace('securityProfile: 1', 'securityProfile: 1, path: /').replace('9000/ocpp', '9000/ocpp/'),
  )
  assert.ok(result.ok)
  assert.equal(result.config.listeners[0]?.path, '')
  assert.equal(result.config.centralSystem.url, 'ws://127.0.0.1:9000/ocpp')
})

test('[A00.FR.004] every problem of every section is told at once, in order, with line, column and key', () => {
  const yaml = `edition: 5
listeners:
  - name: A b
    address: 127.0.0.1:8080
    securityProfile: 1
  - name: two
    address: 127.0.0.1:99999
    legacy: true
centralSystem:
  url: http://somewhere
  connectTimeout: 10
  headers: { Host: x }
limits: { idle: 90d, messageBytes: 1GiB }
log: { levl: info }
`
  const problems = problemsOf(load(yaml))
  const starts = [
    ':1:10 edition: 5 does not fit; it must be one of 3, 4',
    ':3:11 listeners[0].name: "A b" does not fit',
    ':6:5 listeners[1].securityProfile: is missing',
    ':8:5 listeners[1].legacy: is no known key; it belongs to listeners[].tls',
    ':10:8 centralSystem.url: must be a ws:// or wss:// URL',
    ':11:19 centralSystem.connectTimeout: 10 does not fit; it must be a time with its unit',
    ':12:14 centralSystem.headers.Host: belongs to the connection',
    ':13:17 limits.idle: "90d" does not fit; it must be from 1s to 1d',
    ':13:36 limits.messageBytes: "1GiB" does not fit; it must be a number of bytes',
    ':14:8 log.levl: is no known key; did you mean level?',
  ]
  const rest = problems.filter((line) => !line.includes('store'))
  assert.equal(rest.length, starts.length, problems.join('\n'))
  for (const [index, start] of starts.entries())
    assert.ok(rest[index]?.startsWith(start), `${rest[index]} | ${start}`)
  assert.ok(problems.some((line) => line.includes('store: is missing')))
})

test('a known key under another spelling is suggested', () => {
  const problems = problemsOf(load(minimal.replace('securityProfile', 'security_profile')))
  assert.ok(
    problems.some((line) =>
      line.includes('security_profile: is no known key; did you mean securityProfile?'),
    ),
  )
})

test('a fixed reason under admission.checks is explained', () => {
  const [line] = problemsOf(load(`${minimal}admission: { checks: { credentials_invalid: report } }`))
  assert.match(line ?? '', /this check can be set nowhere/)
})

test('positions hold when earlier items of a list are wrong', () => {
  const yaml = `listeners:
  - { name: BAD, address: "127.0.0.1:1" }
  - { name: a, address: "127.0.0.1:1000", securityProfile: 1 }
  - { name: a, address: "127.0.0.1:1001", securityProfile: 1 }
centralSystem: { url: "ws://x" }
store: { sqlite: x }
`
  const problems = problemsOf(load(yaml))
  assert.ok(
    problems.some((line) => line.startsWith(':4:13 listeners[2].name: a is the name of an earlier listener')),
    problems.join('\n'),
  )
})

test('environment variables: numbers, defaults, escapes, unset ones', () => {
  const env = { PORT: '8081', PROFILE: '1', EMPTY: '' }
  const yaml = minimal
    .replace('"127.0.0.1:8080"', `"127.0.0.1:\${PORT}"`)
    .replace('securityProfile: 1', `securityProfile: "\${PROFILE}"`)
  const result = load(
    `${yaml}limits: { connections: "\${N:-77}" }\ncpo: { names: ["a\${EMPTY:-b}", "$\${X}"] }`,
    env,
  )
  assert.ok(result.ok, problemsOf(result).join('\n'))
  assert.equal(result.config.listeners[0]?.address.port, 8081)
  assert.equal(result.config.listeners[0]?.securityProfile, 1)
  assert.equal(result.config.limits.connections, 77)
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the escaped text
  assert.deepEqual(result.config.cpo.names, ['ab', '${X}'])

  assert.deepEqual(problemsOf(load(minimal.replace('data/proxy.db', `"\${NOWHERE}"`))), [
    ':4:18 store.sqlite: the environment variable NOWHERE is not set',
  ])
  // A quoted number that came from no variable stays text.
  assert.equal(problemsOf(load(`${minimal}limits: { connections: "77" }`)).length, 1)
  // Nothing in a variable becomes structure.
  const injected = load(minimal.replace('data/proxy.db', `"\${P}"`), { P: 'x.db\nadmin: { a: 1 }' })
  assert.ok(injected.ok)
  assert.equal(injected.config.admin.address.port, 9090)
})

test('a reference to the environment that breaks a flow section is explained', () => {
  const [line] = problemsOf(load(`a: [ \${X} ]`))
  assert.match(line ?? '', /in quotes/)
})

const secret = 'hunter2-very-secret'

test('no secret stands in a problem or a warning, wherever it was put', () => {
  const key = Buffer.from(`${secret}\nand more\n`)
  const places = [
    `centralSystem: { url: "ws://u:${secret}@host/x" }`,
    `centralSystem: { url: "ws://h", authorization: { username: u, password: ${secret}, passwordFile: s } }`,
    `centralSystem: { url: "ws://h", authorization: { username: u, passwordFile: s } }`,
    `centralSystem: { url: "ws://h", authorization: { username: u, password: [${secret}] } }`,
    `centralSystem: { url: "ws://h", authorization: ${secret} }`,
    `centralSystem: { url: "ws://h", headers: { "X-Key": "{${secret}}\\r\\n" } }`,
    `centralSystem: { url: "\${S}" }`,
    `centralSystem: { url: "ws://h", connectTimeout: "\${S}" }`,
    `log: { level: "\${S}" }`,
    `limits: { connections: "\${S}" }`,
    `store: { sqlite: a, sealingKeyFile: s }`,
    `admin: { tokenFile: s }`,
    `admin: { address: "\${S}" }`,
    `password: *${secret}`,
    `password: !${secret} x`,
    `password: "${secret}\\q"`,
    `password: '${secret}`,
    `password: %${secret}`,
  ]
  for (const place of places) {
    const section = place.split(':', 1)[0] ?? ''
    const base = minimal
      .split('\n')
      .filter((line) => !line.startsWith(section))
      .join('\n')
    const result = load(base + place, { S: secret }, { '/etc/proxy/s': key })
    const text = JSON.stringify([problemsOf(result), warningsOf(result)])
    assert.ok(!text.includes('hunter2'), `${place}\n${text}`)
    assert.ok(!result.ok, place)
  }
})

test('[CWE-312] a password that is written out is warned of, one from the environment is not', () => {
  const section = (password: string) =>
    minimal.replace('/ocpp" }', `/ocpp", authorization: { username: u, password: "${password}" } }`)
  assert.match(warningsOf(load(section(secret))).join(), /clear text/)
  const fromEnv = load(section(`\${PW}`), { PW: '12345' })
  assert.ok(fromEnv.ok)
  assert.deepEqual(fromEnv.warnings, [])
  assert.deepEqual(fromEnv.config.centralSystem.authorization, { username: 'u', password: '12345' })
})

test('files of secrets: one line, sealing keys in three forms, and what is wrong with others', () => {
  const yaml = minimal
    .replace('proxy.db }', 'proxy.db, sealingKeyFile: /k }')
    .concat('admin: { tokenFile: t }')
  const raw = Buffer.alloc(32, 7)
  const token = '0123456789abcdef'
  for (const form of [raw, `${raw.toString('hex')}\n`, `${raw.toString('base64')}\n`]) {
    const result = load(yaml, {}, { '/k': form, '/etc/proxy/t': `${token}\r\n` })
    assert.ok(result.ok, problemsOf(result).join('\n'))
    assert.deepEqual(result.config.store.sealingKey, raw)
    assert.equal(result.config.admin.token, token)
    assert.deepEqual(result.sources, ['/etc/proxy/proxy.yaml', '/k', '/etc/proxy/t'])
  }
  for (const [key, words] of [
    ['', /must hold 32 bytes/],
    ['abc', /must hold 32 bytes/],
    [raw.toString('hex').slice(1), /must hold 32 bytes/],
  ] as const) {
    assert.match(problemsOf(load(yaml, {}, { '/k': key, '/etc/proxy/t': token })).join(), words)
  }
  for (const [content, words] of [
    ['', /is empty/],
    ['a\nb', /must hold one line/],
    [Buffer.from([0xff, 0xfe]), /no UTF-8/],
  ] as const) {
    assert.match(problemsOf(load(yaml, {}, { '/k': raw, '/etc/proxy/t': content })).join(), words)
  }
  assert.match(problemsOf(load(yaml, {}, { '/k': raw })).join(), /t does not exist/)
  assert.match(warningsOf(load(yaml, {}, { '/k': raw, '/etc/proxy/t': 'short' })).join(), /shorter than 16/)
})
