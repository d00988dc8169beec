/** Who caused an error: decides what the peer is told and which metric moves. */
export type Side = 'charge-point' | 'central-system' | 'proxy' | 'operator'

/**
 * The one error class of the product. `code` is stable and may be matched on; the message is for
 * people and must never hold a secret.
 */
export class ProxyError extends Error {
  readonly code: string
  readonly side: Side

  constructor(code: string, side: Side, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ProxyError'
    this.code = code
    this.side = side
  }
}

/** The message of whatever was thrown, for logs and operators. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
