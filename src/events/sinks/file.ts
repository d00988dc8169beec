import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '../../policy/error.ts'
import type { SecurityEventRecord } from '../../store/store.ts'
import { delivered, eventView, failed, type Sink, type SinkOutcome } from './sink.ts'

/** JSON lines. */
export interface FileSinkConfig {
  readonly path: string
  /** Bytes after which the file is rotated. */
  readonly maxSize: number
  /** Rotated files that are kept: path.1 is the youngest. */
  readonly keep: number
}

/** How far back the end of the last whole line is looked for: more than any line has. */
const maxLineBytes = 65_536
const newline = 0x0a

/**
 * A file of JSON lines, readable by its owner only. A batch is on disk before it counts as delivered;
 * what a killed process left as half a line is cut off, and written again.
 */
export class FileSink implements Sink {
  readonly batch = 500
  readonly #config: FileSinkConfig
  #file: FileHandle | null = null
  #size = 0

  constructor(config: FileSinkConfig) {
    this.#config = config
  }

  async send(events: readonly SecurityEventRecord[]): Promise<SinkOutcome> {
    const lines = Buffer.from(events.map((event) => `${JSON.stringify(eventView(event))}\n`).join(''))
    try {
      let file = await this.#opened()
      if (this.#size > 0 && this.#size + lines.length > this.#config.maxSize) {
        await this.#rotate()
        file = await this.#opened()
      }
      await file.appendFile(lines)
      await file.datasync()
      this.#size += lines.length
      return delivered
    } catch (error) {
      // Opened again, it is cut back to its last whole line: the disk may have taken half of it.
      await this.close()
      return failed(messageOf(error))
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close().catch(() => {})
  }

  async #opened(): Promise<FileHandle> {
    if (this.#file !== null) return this.#file
    const { path } = this.#config
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants
    const file = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
    try {
      if (!(await file.stat()).isFile()) throw new Error(`${path} is no regular file`)
      await file.chmod(0o600)
      this.#size = await cutHalfLine(file)
      await syncFolder(dirname(path))
    } catch (error) {
      await file.close()
      throw error
    }
    this.#file = file
    return file
  }

  /** From the oldest on: a process that is killed in between overwrites nothing that is kept. */
  async #rotate(): Promise<void> {
    const { path, keep } = this.#config
    await this.close()
    if (keep === 0) await rm(path)
    else {
      for (let number = keep; number > 1; number -= 1) {
        await renameIfThere(`${path}.${number - 1}`, `${path}.${number}`)
      }
      await rename(path, `${path}.1`)
    }
    await syncFolder(dirname(path))
  }
}

/** Returns the size of the file, up to its last whole line. */
async function cutHalfLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat()
  const length = Math.min(size, maxLineBytes)
  if (length === 0) return 0
  const tail = Buffer.alloc(length)
  const { bytesRead } = await file.read(tail, 0, length, size - length)
  const end = tail.subarray(0, bytesRead).lastIndexOf(newline) + 1
  // No line of ours: what is in the file stays, and ends its line.
  if (end === 0 && size > length) {
    await file.appendFile('\n')
    return size + 1
  }
  const whole = size - length + end
  if (whole < size) await file.truncate(whole)
  return whole
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** A new name is durable only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
