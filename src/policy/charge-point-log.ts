import { targetProblem } from './route.ts'

/** The words of N01 (GetLog), and what they are in the core of OCPP 1.6. Pure. */

export const logTypes = ['SecurityLog', 'DiagnosticsLog'] as const
export type LogType = (typeof logTypes)[number]

/** `AcceptedCanceled` is of N01.FR.20, edition 4; the schemas of 2 and 3 do not have it. */
export const logStatuses = [
  'Idle',
  'Uploading',
  'Uploaded',
  'UploadFailure',
  'BadMessage',
  'NotSupportedOperation',
  'PermissionDenied',
  'AcceptedCanceled',
] as const
export type LogStatus = (typeof logStatuses)[number]

/** Null: it is none. Editions 2 and 3 say UploadFailed in N01.FR.10 where their schema has UploadFailure. */
export function readLogStatus(value: unknown): LogStatus | null {
  if (value === 'UploadFailed') return 'UploadFailure'
  return logStatuses.find((one) => one === value) ?? null
}

/** Nothing more is to come for the request. */
export function isFinalLogStatus(status: LogStatus | null): boolean {
  return status !== null && status !== 'Uploading' && status !== 'Idle'
}

/** DiagnosticsStatusNotification of OCPP 1.6, 7.24, in its place (facts, 5.4). */
export function diagnosticsStatusOf(status: LogStatus): 'Idle' | 'Uploaded' | 'UploadFailed' | 'Uploading' {
  switch (status) {
    case 'Idle':
    case 'Uploaded':
    case 'Uploading':
      return status
    case 'UploadFailure':
    case 'BadMessage':
    case 'NotSupportedOperation':
    case 'PermissionDenied':
    case 'AcceptedCanceled':
      return 'UploadFailed'
    default:
      return status satisfies never
  }
}

/** Random bytes of the token in the URL of an upload: nobody guesses it. */
export const uploadTokenBytes = 32

/** The URL that a charge point is given. The slash at its end asks it to append the name of the file (edition 4). */
export function uploadLocation(uploadUrl: string, token: string): string {
  return `${uploadUrl.replace(/\/+$/, '')}/${token}/`
}

/** remoteLocation may have 512 characters (N01); the token and its slashes need the rest. */
export const maxUploadUrlLength = 400

/** remoteLocation (GetLog.req). */
export const maxRemoteLocation = 512

/** What is wrong with a place of the operator's own for an upload; null: nothing. It is not repeated: it may hold a password. */
export function remoteLocationProblem(text: string): string | null {
  if (text.length > maxRemoteLocation) return `it has more than ${maxRemoteLocation} characters`
  const isUrl = /^(?:https?|ftps?|sftp):\/\/[\x21-\x7e]+$/i.test(text) && URL.canParse(text)
  return isUrl ? null : 'it is no URL of http, https, ftp, ftps or sftp'
}

/** The same of one that is stored and shown: a name or a password in it would be told to whoever may look. */
export function keptLocationProblem(text: string): string | null {
  const problem = remoteLocationProblem(text)
  if (problem !== null) return problem
  const { username, password } = new URL(text)
  return username === '' && password === '' ? null : 'it must not hold a user name or password'
}

export type UploadTarget =
  | { readonly kind: 'upload'; readonly path: string; readonly token: string }
  /** It is below an upload path, and no upload: what is there must not be told apart from a wrong token. */
  | { readonly kind: 'unknown'; readonly path: string }
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'none' }

/**
 * Is this request target the place of an upload? `paths` are those of the upload URLs. The name of a file
 * that a charge point appends, and a query, are not looked at: nothing is ever named after them (CWE-22).
 */
export function matchUpload(paths: readonly string[], target: string): UploadTarget {
  const [path = ''] = target.split('?', 1)
  const base = paths.find((one) => path === one || path.startsWith(`${one}/`))
  if (base === undefined) return { kind: 'none' }
  const detail = targetProblem(target, path)
  if (detail !== null) return { kind: 'malformed', detail }
  const token = /^\/([A-Za-z0-9_-]{43})(?:\/[^/]*)?$/.exec(path.slice(base.length))?.[1]
  return token === undefined ? { kind: 'unknown', path: base } : { kind: 'upload', path: base, token }
}
