import { messageOf } from '../policy/error.ts'
import type { ReadFile } from './read.ts'

export type SecretOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string }

/** No password or token is longer; whatever is larger was named by mistake. */
const maxSecretBytes = 64 * 1024

/** The one line of text in a file of secrets, without its line break. Problems never quote it. */
export function readSecretText(path: string, readFile: ReadFile): SecretOutcome<string> {
  return withContent(path, readFile, (content) => {
    const text = decodeUtf8(content)?.replace(/\r?\n$/, '')
    if (text === undefined) return failed(`the file ${path} is no UTF-8 text`)
    if (text === '') return failed(`the file ${path} is empty`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a second line means that it is the wrong file
    if (/[\u0000-\u001f\u007f]/.test(text))
      return failed(`the file ${path} must hold one line and nothing else`)
    return { ok: true, value: text }
  })
}

/** A key of 32 bytes: raw, or as hexadecimal or base64 text. */
export function readSealingKey(path: string, readFile: ReadFile): SecretOutcome<Buffer> {
  return withContent(path, readFile, (content) => {
    if (content.length === 32) return { ok: true, value: Buffer.from(content) }
    const text = content.toString('latin1').trim()
    if (/^[0-9A-Fa-f]{64}$/.test(text)) return { ok: true, value: Buffer.from(text, 'hex') }
    if (/^[A-Za-z0-9+/]{43}=?$/.test(text)) return { ok: true, value: Buffer.from(text, 'base64') }
    return failed(
      `the file ${path} must hold 32 bytes, raw, as 64 hexadecimal digits or as base64 (openssl rand -hex 32)`,
    )
  })
}

function withContent<T>(
  path: string,
  readFile: ReadFile,
  read: (content: Buffer) => SecretOutcome<T>,
): SecretOutcome<T> {
  try {
    return read(readFile(path, maxSecretBytes))
  } catch (error) {
    return failed(`the file ${path} ${messageOf(error)}`)
  }
}

const failed = (problem: string) => ({ ok: false, problem }) as const

/** Strict UTF-8 without a byte order mark; undefined when it is none. */
export function decodeUtf8(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return undefined
  }
}
