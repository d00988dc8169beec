import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CampaignRequest } from '../../src/campaigns/campaigns.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { OperationOutcome } from '../../src/usecases/operation/operation.ts'
import { request, type World, world } from './world.ts'

const minute = 60_000
const central = { certificateType: 'CentralSystemRootCertificate' } as const
const hashData = {
  hashAlgorithm: 'SHA256',
  issuerNameHash: 'ab',
  issuerKeyHash: 'cd',
  serialNumber: '1',
} as const

/** The first `count` charge points are on profile 2. */
function onTls(w: World, count: number): void {
  for (const [identity, record] of [...w.registry].slice(0, count)) {
    w.registry.set(identity, { ...record, securityProfile: 2 })
  }
}

const about = (kind: CampaignRequest['kind'], root: CampaignRequest['root']): CampaignRequest => ({
  ...request(),
  kind,
  root,
})

test('[M05.FR.01][M04.FR.01] the new root goes to those on TLS, and later the old one goes', async () => {
  const w = world(4)
  onTls(w, 2)
  const installed = await w.campaigns.create(
    about('install-root', { ...central, certificate: 'NEW', oldRoot: 'OLD' }),
  )
  assert.deepEqual(installed.settings.root, { ...central, certificate: 'NEW', oldRoot: 'OLD' })
  await w.clock.advance(minute)
  await w.campaigns.create(about('delete-root', { ...central, certificate: 'OLD' }))
  await w.clock.advance(minute)
  await w.campaigns.create(about('delete-root', { ...central, hashData }))
  await w.clock.advance(minute)
  assert.deepEqual(
    w.begun.filter(({ identity }) => identity === 'CP0000').map(({ what }) => what),
    [
      'install CentralSystemRootCertificate NEW after OLD',
      'delete CentralSystemRootCertificate {"certificate":"OLD"}',
      `delete CentralSystemRootCertificate ${JSON.stringify({ hashData })}`,
    ],
  )
  assert.deepEqual(new Set(w.begun.map(({ identity }) => identity)), new Set(['CP0000', 'CP0001']))
})

test('[M04.FR.04] one that does not have the root is done; the last root stops the campaign', async () => {
  const w = world(2)
  onTls(w, 2)
  const failed = (code: 'not_found' | 'prerequisite'): OperationOutcome => ({ ok: false, code, detail: code })
  w.answers.set('CP0000', async () => failed('not_found'))
  w.answers.set('CP0001', async () => failed('prerequisite'))
  const { id } = await w.campaigns.create(about('delete-root', { ...central, certificate: 'OLD' }))
  await w.clock.advance(minute)
  const items = await w.campaigns.items(id, { limit: 9 })
  assert.deepEqual(
    items.map(({ state, code, detail }) => [state, code, detail]),
    [
      ['done', null, 'nothing to do: not_found'],
      ['failed', 'prerequisite', 'prerequisite'],
    ],
  )
})

test('[M05.FR.01] a campaign that makes no sense is not begun', async () => {
  const w = world(1)
  onTls(w, 1)
  for (const wrong of [
    about('install-root', undefined),
    about('delete-root', undefined),
    about('install-root', { ...central, certificate: 'BAD' }),
    about('rotate-passwords', { ...central, certificate: 'NEW' }),
    { ...about('install-root', { ...central, certificate: 'NEW' }), toProfile: 2 } as const,
  ]) {
    await assert.rejects(w.campaigns.create(wrong), { code: 'campaign_invalid' })
  }
  assert.deepEqual(w.begun, [])
})

test('[M05.FR.01] a root campaign goes on after a restart with what it was about', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ocpp-roots-'))
  const store = openSqliteStore(join(folder, 'proxy.db'))
  t.after(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const w = world(2, store.campaigns)
  onTls(w, 2)
  w.connected.delete('CP0001')
  const { id } = await w.campaigns.create(about('install-root', { ...central, certificate: 'NEW' }))
  await w.clock.advance(minute)
  await w.campaigns.close()
  w.connected.add('CP0001')
  await w.restart().start()
  await w.clock.advance(minute)
  assert.equal((await w.campaigns.get(id)).state, 'finished')
  assert.deepEqual(
    w.begun.map(({ identity, what }) => `${identity} ${what}`),
    ['CP0000', 'CP0001'].map((identity) => `${identity} install ${central.certificateType} NEW`),
  )
})
