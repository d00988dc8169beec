import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { keep } from '../support/transcript.ts'
import type { Image } from './build.ts'

/** By its path: what runs in the jail may have no PATH, and spawn looks there. */
const chroot =
  (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, 'chroot'))
    .find((file) => existsSync(file)) ?? 'chroot'

/** chroot is for root; everything else in this folder is not. */
export const jailProblem: string | false =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'only root on Linux can change the root folder of a process'
    : spawnSync(chroot, ['--version']).status === 0
      ? false
      : 'chroot is not installed'

/** What a base image has and a stage's folder has not: the loader and the shared libraries of node. */
export function addBaseLibraries(image: Image): void {
  const listed = execFileSync('ldd', [join(image.root, 'usr/local/bin/node')], { encoding: 'utf8' })
  for (const [library] of listed.matchAll(/\/\S+\.so\S*/g)) {
    mkdirSync(join(image.root, dirname(library)), { recursive: true })
    copyFileSync(library, join(image.root, library))
  }
}

const path = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }

function jailArguments(image: Image, command: readonly string[], user: string): string[] {
  return [`--userspec=${user}`, image.root, ...command]
}

/** Starts a command in the image: its user, its environment, its folder as the whole file system. */
export function startInJail(image: Image, command: readonly string[], user = image.user): ChildProcess {
  const child = spawn(chroot, jailArguments(image, command, user), {
    env: { ...path, ...image.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => keep('process', chunk))
  return child
}

/** Runs a command in the image to its end. */
export function runInJail(
  image: Image,
  command: readonly string[],
  env: Record<string, string> = {},
  input = '',
) {
  const done = spawnSync(chroot, jailArguments(image, command, image.user), {
    env: { ...path, ...image.env, ...env },
    input,
    encoding: 'utf8',
  })
  keep('process', done.stdout + done.stderr)
  return done
}
