import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { channels } from '../test/support/transcript.ts'
import { patternsOf, type SecretRecord, secretKinds } from './grep-secrets/forms.ts'
import { type Finding, lookIntoDatabase, lookIntoFile } from './grep-secrets/look.ts'
import { Matcher } from './grep-secrets/matcher.ts'

/**
 * Looks for every secret that the tests used in everything that they made the product say: `npm test`
 * leaves both in .tmp/transcript. Ends with 1 when one is found, and names file, line and kind,
 * never the value; and when there was nothing to look at, which proves nothing. --begin makes the folder
 * anew; --folder takes another one; --part is for a run of some tests only, which do not say everything.
 */
const root = join(import.meta.dirname, '..')
const isPart = process.argv.includes('--part')
const given = process.argv.indexOf('--folder')
const folder = given < 0 ? join(root, '.tmp', 'transcript') : (process.argv[given + 1] ?? '')
const maxShown = 50

function filesIn(path: string): readonly string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true, recursive: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  } catch {
    return []
  }
}

function readSecrets(): readonly SecretRecord[] {
  return filesIn(join(folder, 'secrets')).flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as SecretRecord),
  )
}

/** What should have been there and was not. */
function missing(secrets: readonly SecretRecord[]): readonly string[] {
  const kinds = secretKinds.filter((kind) => !secrets.some((secret) => secret.kind === kind))
  const silent = Object.keys(channels).filter((channel) => filesIn(join(folder, channel)).length === 0)
  return [...kinds.map((kind) => `no ${kind} was used`), ...silent.map((channel) => `nothing of ${channel}`)]
}

function grep(): number {
  const secrets = readSecrets()
  const matcher = new Matcher(secrets.flatMap(patternsOf))
  const findings = new Map<string, Finding>()
  const found = (finding: Finding) =>
    void findings.set(`${finding.file}:${finding.line}: ${finding.what}`, finding)
  let bytes = 0
  const files = Object.keys(channels).flatMap((channel) => filesIn(join(folder, channel)))
  for (const path of files) {
    const file = relative(folder, path)
    bytes += lookIntoFile(path, file, matcher, found)
    if (path.endsWith('.db')) lookIntoDatabase(path, file, matcher, found)
  }
  for (const [text] of [...findings].slice(0, maxShown)) console.error(text)
  const gaps = isPart ? [] : missing(secrets)
  for (const gap of gaps) console.error(`the transcript is not whole: ${gap}`)
  const size = `${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`
  console.log(`${secrets.length} secrets in ${matcher.count} forms, ${size}: found ${findings.size} times`)
  return findings.size === 0 && gaps.length === 0 ? 0 : 1
}

if (process.argv.includes('--begin')) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
} else {
  process.exitCode = grep()
}
