import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  chartFolder,
  helm,
  preparedExample,
  projectRoot,
  renderAll,
  valueSets,
} from '../../scripts/helm/render.ts'
import { helmProblem, majors } from './helm-problem.ts'

const options = { skip: helmProblem }

for (const major of majors) {
  test(`Helm ${major} renders every value set as its golden file has it`, options, () => {
    for (const { golden, text } of renderAll(major)) {
      assert.equal(text, readFileSync(join(projectRoot, golden), 'utf8'), `${golden}: npm run helm:golden`)
    }
  })

  test(`helm lint --strict of Helm ${major} finds nothing`, options, (t) => {
    const example = preparedExample()
    t.after(() => example.remove())
    const runs = [
      helm(major, 'lint', '--strict', chartFolder),
      ...valueSets.map(({ values }) =>
        helm(major, 'lint', '--strict', chartFolder, '--values', String(values)),
      ),
      helm(major, 'lint', '--strict', example.chart),
    ]
    for (const { status, stdout, stderr } of runs) {
      assert.equal(status, 0, stdout + stderr)
      assert.doesNotMatch(stdout, /\[(WARNING|ERROR)\]/)
    }
  })

  test(`Helm ${major} packages the chart without its tests`, options, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'helm-package-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const packed = helm(major, 'package', chartFolder, '--destination', folder)
    assert.equal(packed.status, 0, packed.stderr)
    const archive = join(folder, readdirSync(folder)[0] ?? '')
    const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).split('\n')
    for (const name of ['values.schema.json', 'files/restart-keys.json', 'rules/alerts.yaml', 'README.md']) {
      assert.ok(names.includes(`ocpp-security-proxy/${name}`), name)
    }
    assert.deepEqual(
      names.filter((name) => /\/(ci|rules\/tests)\//.test(name)),
      [],
    )
  })
}

test('the notes name the listeners, and warn of what is dangerous', options, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'helm-notes-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(chartFolder, folder, { recursive: true })
  // `helm template` leaves the notes out: here they are an object like any other.
  const notes = join(folder, 'templates/NOTES.txt')
  const text = readFileSync(notes, 'utf8')
  renameSync(notes, join(folder, 'templates/_notes.tpl'))
  writeFileSync(join(folder, 'templates/_notes.tpl'), `{{ define "notes" }}${text}{{ end }}`)
  writeFileSync(join(folder, 'templates/notes.yaml'), 'notes: {{ include "notes" . | toJson }}\n')
  const notesOf = (name: string) => {
    const values = join(chartFolder, 'ci', `${name}.yaml`)
    const run = helm(
      3,
      'template',
      'proxy',
      folder,
      '--values',
      values,
      '--show-only',
      'templates/notes.yaml',
    )
    assert.equal(run.status, 0, run.stderr)
    return run.stdout
  }
  const bare = notesOf('gateway-bare')
  assert.match(bare, /in front of ws:\/\/central-system:9000\/ocpp/)
  assert.match(bare, /basic-auth: security profile 1, port 8080, path \/cs/)
  assert.match(bare, /WARNING: persistence is off/)
  assert.match(bare, /WARNING: basic-auth has security profile 1/)
  assert.match(bare, /The admin API is off/)
  const replicas = notesOf('gateway-replicas')
  assert.match(replicas, /basic-auth-tls: security profile 2, port 443/)
  assert.doesNotMatch(replicas, /WARNING/)
  assert.match(notesOf('sidecar'), /selects the pods with app.kubernetes.io\/name=central-system/)
})
