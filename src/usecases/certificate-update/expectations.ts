import type { RenewalOrigin } from '../../store/store.ts'

/** What somebody who asked a charge point for a request knows and wants. */
export interface Expectation {
  readonly origin: RenewalOrigin
  /** null: whatever it makes. */
  readonly keyType: 'rsa' | 'ec' | null
  /** CertificateSignedMaxChainSize; null: it has not told. */
  readonly maxChainSize: number | null
}

/** One for each operation that waits for a request: bounded by them. */
export interface Expectations {
  get(identity: string): Expectation | null
  /** Returns what ends it. */
  expect(identity: string, expectation: Expectation): () => void
}

export function createExpectations(): Expectations {
  const all = new Map<string, Expectation>()
  return {
    get: (identity) => all.get(identity) ?? null,
    expect(identity, expectation) {
      all.set(identity, expectation)
      return () => {
        if (all.get(identity) === expectation) all.delete(identity)
      }
    },
  }
}
