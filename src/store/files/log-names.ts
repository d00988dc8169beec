import { createHash } from 'node:crypto'

/** Names in the folder of logs: made of hashes and numbers, and of nothing that a peer may choose (CWE-22). */

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Of a charge point: its identity as far as it is harmless, for people, and a hash of all of it. */
export function chargePointFolder(identity: string): string {
  const readable = identity.replace(/[^A-Za-z0-9-]/g, '_').slice(0, 40)
  return `cp-${readable}-${sha256(identity).slice(0, 16)}`
}

const idForm = /^(\d{1,16})-(\d{1,10})$/

export function recordId(requestedAt: number, requestId: number): string {
  return `${requestedAt}-${requestId}`
}

/** null: it is none of ours, and nothing has such a name. */
export function readRecordId(
  text: string,
): { readonly requestedAt: number; readonly requestId: number } | null {
  const match = idForm.exec(text)
  return match === null ? null : { requestedAt: Number(match[1]), requestId: Number(match[2]) }
}
