import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import type { LivePolicy } from '../../src/gate/listener.ts'
import { LogUploads, type LogUploadsDeps } from '../../src/gate/routes/log-uploads.ts'

const token = 'a'.repeat(43)

/** The policy of a configuration, and how often a URL of it was read. */
function policyOf(urls: readonly (string | undefined)[]) {
  let reads = 0
  const listeners = urls.map((url) => ({
    get logUploadUrl() {
      reads += 1
      return url
    },
  }))
  const policy = { config: { chargePointLogs: {}, listeners } } as unknown as LivePolicy
  return { policy, reads: () => reads }
}

test('[CWE-770] what is an upload is told by paths that are read once for each configuration', () => {
  const uploads = new LogUploads({ archive: {} } as unknown as LogUploadsDeps)
  const kindOf = (policy: LivePolicy, url: string) =>
    uploads.match(policy, { url } as IncomingMessage)?.kind ?? null
  const first = policyOf([undefined, 'https://proxy.example.com/logs/'])
  assert.equal(kindOf(first.policy, `/logs/${token}`), 'upload')
  const before = first.reads()
  for (let time = 0; time < 100; time++) assert.equal(kindOf(first.policy, '/elsewhere'), null)
  assert.equal(first.reads(), before)
  const next = policyOf(['https://proxy.example.com/other'])
  assert.equal(kindOf(next.policy, `/logs/${token}`), null, 'a reload counts at once')
  assert.equal(kindOf(next.policy, `/other/${token}`), 'upload')
  assert.equal(kindOf(first.policy, `/logs/${token}`), 'upload', 'and who began before it keeps its own')
})
