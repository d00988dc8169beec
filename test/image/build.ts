import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { admittedNames, flagsOf, type Instruction, projectRoot } from './dockerfile.ts'

/** An image as far as a machine without a container engine can have one: a folder, and how to run it. */
export interface Image {
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly workdir: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly health: readonly string[]
}

interface Stage {
  readonly root: string
  env: Record<string, string>
  workdir: string
  user: string
  lists: Record<string, readonly string[]>
}

export interface BuildOptions {
  /** An empty folder for the context and the stages. */
  readonly folder: string
  /** Does a RUN line in another way; true: it is done. */
  readonly instead?: (command: string, cwd: string) => boolean
}

/**
 * Follows a Dockerfile: every stage is an empty folder that stands for its base image, of which it has
 * the node binary alone; COPY takes from what .dockerignore leaves of the project, or from a stage;
 * RUN runs in the folder. Throws what goes wrong, a source that is not there included.
 */
export function buildImage(instructions: readonly Instruction[], options: BuildOptions): Image {
  const context = join(options.folder, 'context')
  for (const name of admittedNames(readFileSync(join(projectRoot, '.dockerignore'), 'utf8'))) {
    cpSync(join(projectRoot, name), join(context, name), { recursive: true })
  }
  const stages = new Map<string, Stage>()
  let stage: Stage | null = null
  for (const { keyword, rest } of instructions) {
    if (keyword === 'FROM') {
      const name = / AS (\S+)$/i.exec(rest)?.[1] ?? 'final'
      stage = newStage(options.folder, name)
      stages.set(name, stage)
    } else if (stage !== null) {
      follow(stage, keyword, rest, { context, stages, options })
    }
  }
  if (stage === null) throw new Error('the Dockerfile has no stage')
  const { ENTRYPOINT = [], CMD = [], HEALTHCHECK = [] } = stage.lists
  return { ...stage, entrypoint: ENTRYPOINT, command: CMD, health: HEALTHCHECK }
}

function newStage(folder: string, name: string): Stage {
  const root = mkdtempSync(join(folder, `${name}-`))
  chmodSync(root, 0o755)
  if (name !== 'final') {
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true })
    linkOrCopy(process.execPath, join(root, 'usr/local/bin/node'))
  }
  return { root, env: {}, workdir: '/', user: '0:0', lists: {} }
}

/** It is big, and nobody changes it. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to)
  }
}

interface Build {
  readonly context: string
  readonly stages: ReadonlyMap<string, Stage>
  readonly options: BuildOptions
}

function follow(stage: Stage, keyword: string, rest: string, build: Build): void {
  switch (keyword) {
    case 'WORKDIR':
      stage.workdir = rest
      mkdirSync(join(stage.root, rest), { recursive: true })
      return
    case 'COPY':
      copy(stage, rest, build)
      return
    case 'RUN':
      run(rest, join(stage.root, stage.workdir), build.options)
      return
    case 'ENV':
      for (const pair of rest.split(/\s+/)) {
        const [name = '', value = ''] = pair.split(/=(.*)/s)
        stage.env[name] = value
      }
      return
    case 'USER':
      stage.user = rest
      return
    case 'ENTRYPOINT':
    case 'CMD':
    case 'HEALTHCHECK':
      stage.lists[keyword] = JSON.parse(rest.slice(rest.indexOf('['))) as string[]
      return
    case 'ARG':
    case 'LABEL':
    case 'EXPOSE':
    case 'STOPSIGNAL':
      return
    default:
      throw new Error(`${keyword} is not understood here`)
  }
}

function copy(stage: Stage, rest: string, { context, stages }: Build): void {
  const { flags, words } = flagsOf(rest)
  const from = flags.get('from')
  const source = from === undefined ? context : stages.get(from)?.root
  if (source === undefined) throw new Error(`COPY --from=${from}: there is no such stage`)
  const sources = words.slice(0, -1)
  const written = words.at(-1) ?? ''
  const target = join(stage.root, resolve(stage.workdir, written))
  const isFolder = written.endsWith('/') || sources.length > 1
  for (const name of sources) {
    const path = join(source, name)
    if (!existsSync(path)) throw new Error(`COPY: there is no ${name}`)
    // The content of a folder goes into the target; a file goes by its name where that is a folder.
    const to = statSync(path).isDirectory() || !isFolder ? target : join(target, basename(name))
    mkdirSync(join(to, '..'), { recursive: true })
    cpSync(path, to, { recursive: true, verbatimSymlinks: true })
  }
  const [uid, gid] = (flags.get('chown') ?? '').split(':').map(Number)
  if (uid !== undefined && gid !== undefined && process.getuid?.() === 0) chownSync(target, uid, gid)
}

function run(command: string, cwd: string, { instead }: BuildOptions): void {
  if (instead?.(command, cwd)) return
  execFileSync('/bin/sh', ['-c', command], { cwd, stdio: 'pipe' })
}
