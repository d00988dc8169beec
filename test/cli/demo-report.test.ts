import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fitColumns, lineOf } from '../../src/cli/demo/columns.ts'
import type { RefusalRow } from '../../src/cli/demo/measure.ts'
import { notShown } from '../../src/cli/demo/not-shown.ts'
import { createPaint } from '../../src/cli/demo/paint.ts'
import { createReport } from '../../src/cli/demo/report.ts'

const report = createReport(createPaint(false, {}), Number.POSITIVE_INFINITY)

const row: RefusalRow = {
  reason: 'frame_invalid',
  who: 'CP-A, with a frame that is not masked',
  requirements: ['RFC 6455 5'],
  clientSaw: 'close 1002',
  metric: 1,
  kept: 1,
  logged: 1,
  centralSystemSaw: ['CP-A close 1001'],
  surprises: [],
}

test('a row of the demo says who, why, and what every side saw', () => {
  const line = report.refusal(row)
  assert.match(line, /^ {2}✓ frame_invalid +CP-A, .* +close 1002 +\+1 +\+1 +close 1001 +RFC 6455 5$/)
})

test('a surprise is told below its row and at the end', () => {
  const surprised = { ...row, surprises: ['the metric moved by 0 instead of 1\u001b[2J'] }
  assert.match(report.refusal(surprised), /^ {2}✗ .*\n {6}the metric moved by 0 instead of 1\\u\{1b\}\[2J$/)
  const result = { ok: false, seconds: 1, honest: [], refusals: [surprised], notShown, surprises: [] }
  assert.match(report.end(result), /^\n1 surprise in 1 s\n/)
})

test('a table fits the terminal as far as its columns may shrink', () => {
  const column = fc.record({ title: fc.string(), width: fc.integer({ min: 8, max: 40 }) })
  const cells = fc.array(fc.string({ maxLength: 60 }), { maxLength: 8 })
  fc.assert(
    fc.property(
      fc.array(column, { minLength: 1, maxLength: 8 }),
      cells,
      fc.nat(300),
      (columns, texts, room) => {
        const shrinking = columns.map((one) => ({ ...one, least: 0 }))
        assert.ok(lineOf(fitColumns(shrinking, room), texts).length <= room)
        assert.deepEqual(
          fitColumns(columns, room).map(({ width }) => width),
          columns.map(({ width }) => width),
        )
      },
    ),
  )
})
