import { readFileBounded } from '../../config/read.ts'
import { messageOf } from '../../policy/error.ts'
import type { Shell } from '../shell.ts'
import { usageError } from '../store-command.ts'

/** A password with its line end, generously. */
const maxInputBytes = 1024

/**
 * The password from a file or standard input, never from an argument: those are seen by every user
 * of the machine, and kept by the shell. One line end at the end is not part of it.
 */
export async function readPassword(shell: Shell, file: string | undefined): Promise<string> {
  const bytes = file === undefined ? await shell.input(maxInputBytes) : fileBytes(file)
  if (bytes === null) {
    throw usageError('give the password by --password-file or on standard input (one line, no terminal)')
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw usageError('the password is no UTF-8 text; write other bytes as hexadecimal, with --hex')
  }
  const password = text.replace(/\r?\n$/, '')
  if (/[\r\n]/.test(password)) throw usageError('the password has more than one line')
  return password
}

function fileBytes(file: string): Buffer {
  try {
    return readFileBounded(file, maxInputBytes)
  } catch (error) {
    throw usageError(`--password-file ${messageOf(error)}`)
  }
}
