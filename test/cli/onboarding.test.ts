import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setUp } from './fake-shell.ts'

const fingerprint = 'ab'.repeat(32)
const withColons = fingerprint.toUpperCase().replace(/(..)(?=.)/g, '$1:')

test('[A00.FR.803] charge points are registered for onboarding, listed and shown', async (context) => {
  const { run, store } = setUp(context)
  await run('charge-points add CP1 --serial S1 --onboarding certificate')
  await run(`charge-points add CP2 --serial S2 --onboarding certificate --factory-certificate ${withColons}`)
  await run('charge-points add CP3')
  await run('charge-points set CP3 --onboarding password')
  const { registry } = store()
  assert.equal((await registry.get('CP2'))?.onboarding?.certificate, fingerprint)
  const { expectedAt } = (await registry.get('CP3'))?.onboarding ?? { expectedAt: 0 }
  const failed = { state: 'failed', detail: 'it answered Rejected', failures: 2, notBefore: 60_000 } as const
  await registry.stepOnboarding('CP3', expectedAt, failed, 50_000)
  assert.match((await run('charge-points list')).out, /ONBOARDING/)
  const identities = async (line: string) =>
    (await run(`${line} --json`)).out
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text).identity)
  assert.deepEqual(await identities('charge-points list --onboarding'), ['CP1', 'CP2', 'CP3'])
  assert.deepEqual(await identities('charge-points list --onboarding failed'), ['CP3'])
  const shown = (await run('charge-points show CP3')).out
  assert.match(
    shown,
    /onboarding +failed since 1970-.*, by factory password: it answered Rejected \(failed 2/,
  )
  await run('charge-points set CP1 --onboarding none')
  assert.equal((await registry.get('CP1'))?.onboarding, null)
  const wrong = [
    'charge-points add CP9 --onboarding magic',
    'charge-points add CP9 --onboarding certificate --factory-certificate 12',
    `charge-points add CP9 --onboarding password --factory-certificate ${fingerprint}`,
    'charge-points list --onboarding done',
  ]
  for (const line of wrong) assert.equal((await run(line)).code, 2, line)
})

test("[A00.FR.803] a manufacturer's list is imported, and an export of it imported again", async (context) => {
  const { run, store, folder } = setUp(context)
  const file = join(folder, 'list.csv')
  const load = async (text: string) => {
    writeFileSync(file, text)
    return run(['charge-points', 'import', file])
  }
  const list = [
    'identity;serialNumber;onboarding;factoryCertificate;password',
    `CP1;S1;certificate;${withColons};`,
    'CP2;S2;certificate;;',
    `CP3;S3;password;;${'00ff'.repeat(10)}`,
    'CP4;S4;none;;',
    'CP5;S5;;;',
  ]
  assert.deepEqual(await load(list.join('\n')), {
    code: 0,
    out: '5 charge points were added, 0 updated\n',
    err: '',
  })
  const vias = async () => {
    const records = await store().registry.list({ limit: 9 })
    return records.map(({ onboarding, credential }) => [
      onboarding?.via ?? null,
      onboarding?.certificate ?? null,
      credential !== null,
    ])
  }
  const expected = [
    ['certificate', fingerprint, false],
    ['certificate', null, false],
    ['password', null, true],
    [null, null, false],
    [null, null, false],
  ]
  assert.deepEqual(await vias(), expected)
  for (const format of ['csv', 'json']) {
    const { out } = await run(`charge-points export --format ${format}`)
    await run('charge-points set CP1 --onboarding none')
    assert.equal((await load(out)).code, 0, out)
    assert.deepEqual(await vias(), expected, format)
  }
})

test('[A00.FR.803] what is wrong in a list is told with its line', async (context) => {
  const { run, folder } = setUp(context)
  const file = join(folder, 'list.csv')
  writeFileSync(
    file,
    `identity,onboarding,factoryCertificate\nCP1,magic,\nCP2,certificate,12\nCP3,password,${fingerprint}\nCP4,,${fingerprint}`,
  )
  const { code, err } = await run(['charge-points', 'import', file])
  assert.equal(code, 1)
  for (const problem of [
    'line 2: onboarding must be certificate, password or none',
    'line 3: factoryCertificate is no SHA-256 fingerprint',
    'line 4: factoryCertificate goes with onboarding certificate only',
    'line 5: factoryCertificate goes with onboarding certificate only',
  ])
    assert.ok(err.includes(problem), `${problem}\n${err}`)
})
