/**
 * OCSP answers as they were signed, so that a proxy that starts again does not ask for the whole
 * fleet at once. They are verified again by whoever takes them out.
 */
export interface OcspAnswers {
  /** null: none is kept. `key`: SHA-256 of the CertID, hexadecimal. */
  get(key: string): Promise<Buffer | null>
  /** `until`: milliseconds since the epoch, after which it is of no use. Takes the place of the one before. */
  put(key: string, answer: Buffer, until: number): Promise<void>
  /** Removes those that are of no use at `now`, and those that end soonest above `keep`. Returns how many went. */
  prune(now: number, keep: number): Promise<number>
}
