import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, minimal, problemsOf, warningsOf } from './support.ts'

const base = `${minimal.replace('securityProfile: 1', 'securityProfile: 1, protocols: [ocpp1.6, ocpp2.0.1]')}
centralSystem201: { url: "ws://127.0.0.1:9100/csms" }
`
const profiles = (...entries: readonly string[]) =>
  `${base}profileUpgrade: { networkProfiles: [${entries.map((entry) => `{ ${entry} }`).join(', ')}] }\n`

test('[A05.FR.05] how charging stations reach a profile: wired, and half a minute, unless it says so', () => {
  const result = load(profiles('securityProfile: 1, url: "ws://10.0.0.1:8080/ocpp", slot: 2'))
  assert.ok(result.ok, problemsOf(result).join('\n'))
  assert.deepEqual(result.config.profileUpgrade.networkProfiles, [
    {
      securityProfile: 1,
      url: 'ws://10.0.0.1:8080/ocpp',
      interface: 'Wired0',
      messageTimeout: 30_000,
      slot: 2,
    },
  ])
  assert.deepEqual(load(base).ok && load(minimal).ok, true)
})

test('[A05.FR.05] what no charging station could follow is wrong, and all of it is said', () => {
  const problems = problemsOf(
    load(
      profiles(
        'securityProfile: 2, url: "ws://10.0.0.1/ocpp", slot: 2',
        'securityProfile: 2, url: "wss://u:p@10.0.0.1/ocpp", slot: 2',
        'securityProfile: 3, url: "wss://10.0.0.1/ocpp?x=1", messageTimeout: 1500ms, slot: 2',
      ),
    ),
  ).join('\n')
  assert.match(problems, /networkProfiles\[0\]\.url: must be a wss:\/\/ URL/)
  assert.match(problems, /networkProfiles\[1\]\.securityProfile: stands here twice: 2/)
  assert.match(problems, /networkProfiles\[1\]\.url: must not hold a user name/)
  assert.match(problems, /networkProfiles\[2\]\.url: must not hold/)
  assert.match(problems, /networkProfiles\[2\]\.messageTimeout: must be whole seconds/)
  const text = problemsOf(load(profiles('securityProfile: 1, url: "no url", slot: 2'))).join()
  assert.match(text, /networkProfiles\[0\]\.url: must be a ws:\/\/ URL/)
  assert.ok(!problems.includes('u:p'), 'no password is repeated')
})

test('[A05.FR.08] which slot is overwritten is for the operator to say: none is known to be free', () => {
  const way = 'securityProfile: 1, url: "ws://10.0.0.1:8080/ocpp"'
  assert.match(problemsOf(load(profiles(way))).join(), /networkProfiles\[0\]\.slot/)
  assert.match(problemsOf(load(profiles(`${way}, slot: -1`))).join(), /networkProfiles\[0\]\.slot/)
  assert.ok(load(profiles(`${way}, slot: 0`)).ok)
})

test('[A05.FR.09] one that leads to no listener is warned about', () => {
  const [warning = ''] = warningsOf(load(profiles('securityProfile: 3, url: "wss://10.0.0.1/ocpp", slot: 2')))
  assert.match(warning, /networkProfiles\[0\]: has no effect: no listener of security profile 3/)
})
