import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'

/**
 * Writes a file whole or not at all: beside its place, flushed, then renamed over it. Whoever reads
 * meanwhile sees the old file or the new one. Throws the file system's errors.
 */
export async function writeAtomically(path: string, text: string | Buffer, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    // `wx`: a link that somebody planted under the temporary name is not followed.
    const file = await open(temporary, 'wx', mode)
    try {
      // The umask may have taken bits of the mode away, never given any.
      await file.chmod(mode)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** The text of a file, null when there is none. Throws other errors of the file system. */
export async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Writes a file that is not there yet; `EEXIST` is thrown when it is, and other errors of the file system. */
export async function writeNew(path: string, content: string | Buffer, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.chmod(mode)
    await file.writeFile(content)
    await file.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}
