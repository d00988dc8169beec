import { openSqliteStore } from '../../../src/store/sqlite.ts'
import { rejection } from '../contract/rejections.ts'

/** Writes, says so, and waits to be killed. */
const store = openSqliteStore(process.argv[2] ?? '')
await store.registry.add('CP1', { securityProfile: 1, upgradeTo: 2 })
const certificate = { keyFingerprint: 'k1', certificateFingerprint: 'c1', subject: 'CN=S1', notAfter: 1 }
await store.registry.claimKey('CP1', certificate, 1)
await store.rejections.append([rejection()])
await store.registry.recordSuccess('CP1', {
  profile: 2,
  address: '192.0.2.1',
  tls: null,
  passwordForm: null,
  offersMandatorySuites: null,
  at: 1,
})
process.stdout.write('written\n')
setInterval(() => undefined, 60_000)
