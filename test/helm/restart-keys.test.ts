import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { chartFolder, helm } from '../../scripts/helm/render.ts'
import { helmProblem } from './helm-problem.ts'

const values = join(chartFolder, 'ci', 'gateway-mutual-tls.yaml')

/** What the annotation of the pods says with these values laid over a good set. */
function hashWith(...set: readonly string[]): string {
  const show = ['--values', values, '--show-only', 'templates/deployment.yaml']
  const run = helm(3, 'template', 'r', chartFolder, ...show, ...set.flatMap((one) => ['--set', one]))
  assert.equal(run.status, 0, run.stderr)
  return /restart-keys: ([0-9a-f]{64})/.exec(run.stdout)?.[1] ?? assert.fail('no annotation')
}

test('a key that is taken live restarts no pod; one that waits for a restart does', {
  skip: helmProblem,
}, () => {
  const before = hashWith()
  const live = [
    'config.limits.connections=5',
    'config.log.level=debug',
    'config.drain.timeout=2m',
    'config.cpo.names={A}',
  ]
  for (const change of live) assert.equal(hashWith(change), before, change)
  const waiting = [
    'config.log.format=json',
    'config.messages.schema=report',
    'config.admin.requestsPerMinute=30',
    'config.securityEvents.toCentralSystem=DataTransfer',
    'admin.port=9091',
    'sealingKeySecret.key=other',
  ]
  const hashes = waiting.map((change) => hashWith(change))
  assert.equal(new Set([before, ...hashes]).size, waiting.length + 1)
})
