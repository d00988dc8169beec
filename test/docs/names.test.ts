import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { consequences } from '../../src/campaigns/outcome.ts'
import { reasons } from '../../src/policy/reasons.ts'
import { documents, root, spansOf } from './markdown.ts'

const metrics = readFileSync(join(root, 'docs/metrics.md'), 'utf8')
const known = new Set([...metrics.matchAll(/^\| `(ocpp_proxy_[a-z_]+)`/gm)].map(([, name = '']) => name))

function unknownNames(text: string): string[] {
  return spansOf(text).flatMap(({ code, line }) => {
    const metric = /^(ocpp_proxy_[a-z_]+?)(?:_bucket|_sum|_count)?(?:\{|$)/.exec(code)?.[1]
    if (metric !== undefined && !known.has(metric) && !known.has(code)) return [`${line}: ${code}`]
    const isReason = /^(?:client_cert|tls|credentials|charge_point|central_system)_[a-z_]+$/.test(code)
    return isReason && !Object.hasOwn(reasons, code) ? [`${line}: ${code}`] : []
  })
}

test('every metric and every reason that the documents name exists', () => {
  assert.ok(known.size > 20)
  assert.deepEqual(
    documents().flatMap(({ path, text }) => unknownNames(text).map((one) => `${path}:${one}`)),
    [],
  )
})

test('a metric or a reason that does not exist is found', () => {
  const text =
    '`ocpp_proxy_connections`, `ocpp_proxy_conections{profile="0"}`, `tls_version`,\n`client_cert_old`'
  assert.deepEqual(unknownNames(text), ['1: ocpp_proxy_conections{profile="0"}', '2: client_cert_old'])
})

test('every code of an operation is explained, with what a campaign makes of it', () => {
  const page = readFileSync(join(root, 'docs/operations/passwords-and-profiles.md'), 'utf8')
  const words = { 'wait-on': 'waits', retry: 'tried again', fail: 'failed', skip: 'left out' }
  const wrong = Object.entries(consequences).filter(([code, consequence]) => {
    const row = page
      .split('\n')
      .find((line) => line.startsWith('| `') && line.split('|')[1]?.includes(`\`${code}\``))
    return row?.split('|').at(-2)?.trim().startsWith(words[consequence]) !== true
  })
  assert.deepEqual(wrong, [])
})
