import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { fingerprint } from './watch.ts'

/** Of one file: which one it is and when it was last written, and what is in it. */
interface FileContent {
  readonly state: string
  readonly hash: string
}

/** Files by their name, as they were read; opaque to everybody else. */
export type Contents = ReadonlyMap<string, FileContent>

/** null: one of them is no file, or cannot be read, and nothing can be said about it. */
export async function contentsOf(paths: readonly string[]): Promise<Contents | null> {
  const found = new Map<string, FileContent>()
  try {
    for (const path of paths) {
      const state = await fingerprint(path)
      // A pipe gives what it holds once, to whoever reads it first.
      if (!(await stat(path)).isFile()) return null
      const hash = createHash('sha256')
      await pipeline(createReadStream(path), hash)
      found.set(path, { state, hash: hash.digest('base64') })
    }
    return found
  } catch {
    return null
  }
}

/** The same files, with the same in them. */
export function isSameContent(one: Contents | null, other: Contents | null): boolean {
  return same(one, other, (file, that) => file.hash === that.hash)
}

/** Nobody has touched any of them, so that whoever read them in between read the same. */
export function isUntouched(before: Contents | null, after: Contents | null): boolean {
  return same(before, after, (file, that) => file.hash === that.hash && file.state === that.state)
}

function same(
  one: Contents | null,
  other: Contents | null,
  fits: (file: FileContent, that: FileContent) => boolean,
): boolean {
  if (one === null || other === null || one.size !== other.size) return false
  return [...one].every(([path, file]) => {
    const that = other.get(path)
    return that !== undefined && fits(file, that)
  })
}
