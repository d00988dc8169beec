import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

const root = join(import.meta.dirname, '..')

export interface Source {
  /** From the root of the project, with slashes. */
  readonly path: string
  readonly text: string
}

/** Every TypeScript file below these folders. */
export function sourcesIn(...folders: readonly string[]): readonly Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => {
        const path = posix.join(folder, name.replaceAll('\\', '/'))
        return { path, text: readFileSync(join(root, path), 'utf8') }
      }),
  )
}

export interface Import {
  readonly from: string
  readonly to: string
  /** Only types: nothing is left of it when it runs. */
  readonly isType: boolean
}

const statement = /^(?:import|export)\s(?<what>[^'"]*?)\s?(?:from\s)?'(?<to>\.[^']*)'/gm
const dynamic = /\bimport\('(?<to>\.[^']*)'\)/g

/** The imports of our own files in a file, re-exports and dynamic ones included. */
export function importsOf({ path, text }: Source): readonly Import[] {
  const target = (to: string) => posix.normalize(posix.join(posix.dirname(path), to))
  const lasting = [...text.matchAll(statement)].map(({ groups }) => {
    const what = groups?.what ?? ''
    const named = /^\{(.*)\}$/s.exec(what.trim())?.[1]
    const allTypes = named?.split(',').every((one) => one.trim() === '' || one.trim().startsWith('type '))
    return {
      from: path,
      to: target(groups?.to ?? ''),
      isType: what.startsWith('type ') || allTypes === true,
    }
  })
  const late = [...text.matchAll(dynamic)].map(({ groups }) => ({
    from: path,
    to: target(groups?.to ?? ''),
    isType: false,
  }))
  return [...lasting, ...late]
}

/** The part of the house that a file belongs to: the folder below src, or the file itself. */
export function partOf(path: string): string {
  return path.split('/')[1] ?? path
}
