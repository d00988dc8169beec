import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  conformancePage,
  parseReasons,
  parseRequirements,
  reasonProblems,
  type TestResult,
} from '../../scripts/conformance/page.ts'

const requirements = parseRequirements(
  'id\tparty\tshown\nA1\tCS\tone\nA2\tCS\ttwo\nA3\tCP\t-\nA4\tCS\tfour\n',
)
const results: readonly TestResult[] = [
  { name: '[A1] works', status: 'pass' },
  { name: '[A2] [A1] breaks', status: 'fail' },
  { name: '[A4] works', status: 'pass' },
]

test('a requirement is met by a test that passes, failing by one that fails, and open with its reason', () => {
  const page = conformancePage(requirements, results, parseReasons('id\twhy\nA3\tnobody can see it\n'))
  assert.match(page, /^1 met, 2 failing, 1 open, of 4\.$/m)
  assert.match(page, /^\| A1 \| CS \| failing \| one \| works \|$/m)
  assert.match(page, /^\| A3 \| CP \| open \| - \| nobody can see it \|$/m)
  assert.match(page, /^\| A4 \| CS \| met \| four \| works \|$/m)
})

test('what is open needs a reason, and what is tested must have none', () => {
  assert.deepEqual(reasonProblems(requirements, results, parseReasons('id\twhy\nA4\told\n')), [
    'A3 is open, and open.tsv does not say why',
    'A4 is not open; open.tsv says so',
  ])
})
