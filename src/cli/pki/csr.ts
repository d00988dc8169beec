import { createPublicKey, type KeyObject } from 'node:crypto'
import { readCsr } from '../../pki/csr.ts'
import { type CsrProblemCode, checkCsr } from '../../policy/csr.ts'
import { ProxyError } from '../../policy/error.ts'
import { readInput } from './files.ts'

/** Larger than what fits into SignCertificate: it comes from a file. Characters. */
const maxCsrCharacters = 64 * 1024

/** What a charge point's request must say; a server's subject is not taken from its request. */
export interface ExpectedSubject {
  readonly cpoNames: readonly string[]
  readonly serialNumber: string
}

const ofTheKey: ReadonlySet<CsrProblemCode> = new Set([
  'csr_signature',
  'csr_weak_key',
  'csr_weak_signature',
  'csr_authority',
])

/**
 * The key of a request that is in order: signed by that key, strong, for no authority (A02.FR.12), and
 * with the subject that is expected. Throws ProxyError `csr_refused` with all that is wrong.
 */
export function requestedKey(path: string, expected: ExpectedSubject | null): KeyObject {
  const reading = readCsr(readInput(path).toString('utf8'), maxCsrCharacters)
  if (!reading.ok) throw refused(path, [reading.problem.detail])
  const { cpoNames, serialNumber } = expected ?? { cpoNames: [], serialNumber: null }
  const problems = checkCsr(reading.csr.facts, { identity: '', cpoNames, serialNumber, keyOwner: null })
  const counted = expected === null ? problems.filter(({ code }) => ofTheKey.has(code)) : problems
  if (counted.length > 0)
    throw refused(
      path,
      counted.map(({ detail }) => detail),
    )
  return createPublicKey({ key: reading.csr.publicKey, format: 'der', type: 'spki' })
}

function refused(path: string, details: readonly string[]): ProxyError {
  return new ProxyError('csr_refused', 'operator', `${path} is not signed: ${details.join('; ')}`)
}
