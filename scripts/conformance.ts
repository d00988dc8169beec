import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  conformancePage,
  parseReasons,
  parseRequirements,
  reasonProblems,
  type TestResult,
} from './conformance/page.ts'

/**
 * Writes docs/conformance.md from the requirements and the results of the tests: a requirement is
 * met when a test that carries its id passed, and none failed. Without --results it runs the tests
 * first. --check writes nothing and ends with 1 on drift; --nothing-skipped also ends with 1 when a
 * test was skipped.
 */
const root = join(import.meta.dirname, '..')
const pagePath = join(root, 'docs', 'conformance.md')

function option(name: string): string | undefined {
  const index = process.argv.indexOf(name)
  return index < 0 ? undefined : process.argv[index + 1]
}

/** The same command as everybody's: it leaves its results in .tmp. */
function runTests(): string {
  spawnSync('npm', ['test'], { cwd: root, stdio: 'inherit' })
  return readFileSync(join(root, '.tmp', 'test-results.jsonl'), 'utf8')
}

const given = option('--results')
const text = given === undefined ? runTests() : readFileSync(given, 'utf8')
const results = text
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as TestResult)
const requirements = parseRequirements(readFileSync(join(root, 'test/conformance/requirements.tsv'), 'utf8'))
const reasons = parseReasons(readFileSync(join(root, 'test/conformance/open.tsv'), 'utf8'))
const page = conformancePage(requirements, results, reasons)
const problems = reasonProblems(requirements, results, reasons)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1

if (process.argv.includes('--check')) {
  if (readFileSync(pagePath, 'utf8') !== page) {
    console.error('docs/conformance.md is not what the tests say; run: npm run conformance')
    process.exitCode = 1
  }
  const skipped = results.filter(({ status }) => status === 'skip')
  if (process.argv.includes('--nothing-skipped') && skipped.length > 0) {
    for (const { name } of skipped) console.error(`skipped: ${name}`)
    process.exitCode = 1
  }
} else {
  writeFileSync(pagePath, page)
  console.log('wrote docs/conformance.md')
}
