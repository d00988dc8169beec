import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a Dockerfile says, as far as ours goes: no here-documents, no ADD, no SHELL. */

export const projectRoot = join(import.meta.dirname, '..', '..')

export interface Instruction {
  readonly keyword: string
  readonly rest: string
}

/** Instructions in their order, comments gone, continued lines joined. */
export function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line))
  return lines
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, keyword = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? []
      return { keyword: keyword.toUpperCase(), rest: rest.trim() }
    })
}

export const ourDockerfile = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8')
export const ourInstructions = parseDockerfile(ourDockerfile)

/** The names at the top of the context that .dockerignore lets in: it shuts all out, and names what may enter. */
export function admittedNames(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const [first, ...others] = lines
  if (first !== '*') throw new Error('.dockerignore must begin by shutting everything out')
  return others.map((line) => {
    const name = /^!([\w.-]+)$/.exec(line)?.[1]
    if (name === undefined)
      throw new Error(`.dockerignore: ${line} is more than the name of a file or folder`)
    return name
  })
}

/** The flags of an instruction, and what comes after them. */
export function flagsOf(rest: string): { flags: ReadonlyMap<string, string>; words: readonly string[] } {
  const all = rest.split(/\s+/)
  const isFlag = (word: string) => word.startsWith('--')
  const flags = all.filter(isFlag).map((word) => word.slice(2).split('=', 2) as [string, string])
  return { flags: new Map(flags), words: all.filter((word) => !isFlag(word)) }
}
