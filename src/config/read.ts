import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { messageOf, ProxyError } from '../policy/error.ts'

/** Reads a whole file of at most `maxBytes`; throws a ProxyError whose message says what is wrong. */
export type ReadFile = (path: string, maxBytes: number) => Buffer

/**
 * Reads a file without trusting its path: no more than `maxBytes` come into memory, and a device or
 * a pipe is refused rather than waited for. Throws ProxyError `file_unreadable`.
 */
export function readFileBounded(path: string, maxBytes: number): Buffer {
  let descriptor: number
  try {
    // Without O_NONBLOCK the open of a pipe that nobody writes to never returns.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw unreadable(openProblem(error), error)
  }
  try {
    const facts = fstatSync(descriptor)
    if (facts.isDirectory()) throw unreadable('is a folder, not a file')
    if (!facts.isFile()) throw unreadable('is not a regular file')
    if (facts.size > maxBytes) throw unreadable(`is larger than ${maxBytes} bytes`)
    return readAll(descriptor, maxBytes)
  } catch (error) {
    throw error instanceof ProxyError ? error : unreadable(`cannot be read: ${messageOf(error)}`, error)
  } finally {
    closeSync(descriptor)
  }
}

function readAll(descriptor: number, maxBytes: number): Buffer {
  const buffer = Buffer.alloc(maxBytes + 1)
  let length = 0
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null)
    if (count === 0) break
    length += count
  }
  // The file may have grown since fstat, and files of /proc claim to be empty.
  if (length > maxBytes) throw unreadable(`is larger than ${maxBytes} bytes`)
  return Buffer.from(buffer.subarray(0, length))
}

function unreadable(text: string, cause?: unknown): ProxyError {
  return new ProxyError('file_unreadable', 'operator', text, { cause })
}

function openProblem(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'does not exist'
    case 'ENOTDIR':
      return 'cannot exist: a part of its path is a file'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user'
    case 'ELOOP':
      return 'is a symbolic link that leads to itself'
    default:
      return `cannot be opened: ${messageOf(error)}`
  }
}
