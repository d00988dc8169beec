import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, minimal, problemsOf, warningsOf } from './support.ts'

const serving = minimal.replace('securityProfile: 1', 'securityProfile: 1, protocols: [ocpp1.6, ocpp2.0.1]')
const second = (section: string) => `centralSystem201: { ${section} }\n`
const url = 'url: "ws://127.0.0.1:9100/csms/"'

test('[A00.FR.006] a listener that serves ocpp2.0.1 needs centralSystem201', () => {
  const [problem = '', ...more] = problemsOf(load(serving))
  assert.match(problem, /listeners\[0\]\.protocols: ocpp2\.0\.1 needs centralSystem201/)
  assert.deepEqual(more, [])
  const result = load(serving + second(url))
  assert.ok(result.ok)
  assert.equal(result.config.centralSystem201?.url, 'ws://127.0.0.1:9100/csms')
  assert.equal(result.config.centralSystem201?.authorization, 'strip')
})

test('without such a listener it has no effect, and old files are as they were', () => {
  const [warning = ''] = warningsOf(load(minimal + second(url)))
  assert.match(warning, /centralSystem201: has no effect/)
  const old = load(minimal)
  assert.ok(old.ok)
  assert.equal(old.config.centralSystem201, undefined)
  assert.deepEqual(old.config.listeners[0]?.protocols, ['ocpp1.6'])
})

test('[A02.FR.12] certificates pass, and are served only where somebody signs', () => {
  const passing = load(serving + second(url))
  assert.ok(passing.ok)
  assert.equal(passing.config.centralSystem201?.certificates, 'pass')
  const wrong = second(`${url}, certificates: serve`)
  const [problem = '', ...more] = problemsOf(load(serving + wrong))
  assert.match(problem, /centralSystem201\.certificates: serve needs certificateAuthority/)
  assert.deepEqual(more, [])
})

test('the rules of a central system hold for it, and each is named by its key', () => {
  const wrong = second('url: "http://127.0.0.1", authorization: perChargePoint, headers: { "X Y": a }')
  const problems = problemsOf(load(serving + wrong)).join('\n')
  assert.match(problems, /centralSystem201\.url: must be a ws:\/\/ or wss:\/\/ URL/)
  assert.match(problems, /centralSystem201\.authorization: perChargePoint needs store\.sealingKeyFile/)
  assert.match(problems, /centralSystem201\.headers/)
  const plain = second(`${url}, authorization: { username: u, password: in-clear-text }`)
  assert.match(
    warningsOf(load(serving + plain)).join('\n'),
    /centralSystem201\.authorization\.password: stands here/,
  )
  const file = second(`${url}, authorization: { username: u, passwordFile: p }`)
  const read = load(serving + file, {}, { '/etc/proxy/p': 'of-the-file\n' })
  assert.ok(read.ok)
  assert.deepEqual(read.config.centralSystem201?.authorization, { username: 'u', password: 'of-the-file' })
})
