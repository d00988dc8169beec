import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { certificateStatuses } from '../../src/admin/certificate-status.ts'
import { createSignal } from '../../src/admin/signal.ts'
import { makeAuthority } from '../support/authority.ts'

test('[design 11] certificates of every listener are told with role and end', async () => {
  const authority = await makeAuthority()
  const root = new X509Certificate(authority.certificate)
  const certificates = [authority.certificate]
  const statuses = certificateStatuses([
    { listener: { name: 'plain' }, contexts: null },
    { listener: { name: 'basic' }, contexts: { material: { certificates, trust: null } } },
    {
      listener: { name: 'mutual' },
      contexts: { material: { certificates, trust: { cpo: [root], factory: [root] } } },
    },
  ])
  assert.deepEqual(
    statuses.map(({ role, listener }) => [role, listener]),
    [
      ['server', 'basic'],
      ['server', 'mutual'],
      ['trust', 'mutual'],
      ['factory', 'mutual'],
    ],
  )
  const [first] = statuses
  assert.equal(first?.fingerprint, root.fingerprint256)
  assert.equal(first?.notAfter, root.validToDate.getTime())
  assert.ok(first !== undefined && !first.subject.includes('\n') && first.subject.includes('CN='))
})

test('a signal reaches everybody who listens, and nobody who has ended it', () => {
  const signal = createSignal()
  let heard = 0
  const listener = () => {
    heard += 1
  }
  const [end] = [signal.subscribe(listener), signal.subscribe(listener)]
  signal.announce()
  assert.equal(heard, 2)
  end?.()
  end?.()
  signal.announce()
  assert.equal(heard, 3)
})
