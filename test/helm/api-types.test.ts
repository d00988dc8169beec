import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../../scripts/helm/render.ts'
import { goldenFiles, type KubernetesObject } from './documents.ts'

/** Where the type of an object is. */
function moduleOf({ apiVersion, kind }: KubernetesObject): string {
  if (/^(cert-manager\.io|monitoring\.coreos\.com)\//.test(apiVersion)) {
    return join(projectRoot, 'test/helm/custom-resources.d.ts')
  }
  // apps/v1, networking.k8s.io/v1, v1: kubernetes-types has no domain in its folders, and core for nothing.
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion]
  assert.ok(kind !== '')
  return `kubernetes-types/${String(group).split('.')[0]}/${version}.d.ts`
}

/** A program of nothing but typed literals: the compiler finds wrong types, and keys that there are not. */
function programOf(objects: readonly KubernetesObject[]): string {
  const lines = objects.map((object, index) => {
    const type = `import(${JSON.stringify(moduleOf(object))}).${object.kind}`
    return `export const object${index}: ${type} = ${JSON.stringify(object, null, 1)}`
  })
  return `${lines.join('\n')}\n`
}

/** What the compiler says about programs; they lie in the project, so that it finds the types. */
function compile(programs: Readonly<Record<string, string>>): string {
  const base = join(projectRoot, '.tmp')
  mkdirSync(base, { recursive: true })
  const folder = mkdtempSync(join(base, 'helm-types-'))
  try {
    for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text)
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--types', 'node']
    const module = ['--module', 'nodenext', '--target', 'es2024']
    const tsc = join(projectRoot, 'node_modules/.bin/tsc')
    return spawnSync(tsc, [...options, ...module, ...Object.keys(programs)], {
      cwd: folder,
      encoding: 'utf8',
    }).stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('every rendered object is what the API of Kubernetes takes, and holds no unknown key', () => {
  const programs = goldenFiles.map(({ golden, objects }) => {
    assert.ok(objects.length >= 3, golden)
    return [`${golden.replace(/\W/g, '-')}.ts`, programOf(objects)] as const
  })
  assert.equal(compile(Object.fromEntries(programs)), '')
})

test('the compiler would have found an unknown key, and a wrong type', () => {
  const pod = { containers: [], bogusField: true }
  const wrong = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: pod }
  const certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'a' },
    spec: { secretName: 1, issuerRef: { name: 'a' } },
  }
  const said = compile({ 'wrong.ts': programOf([wrong, certificate]) })
  assert.match(said, /bogusField"?' does not exist in type 'PodSpec'/)
  assert.match(said, /Type 'number' is not assignable to type 'string'/)
})
