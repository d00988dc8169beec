import { join } from 'node:path'
import { writeCrl } from '../../src/pki/authority/crl.ts'
import type { Authority, Issued } from './authority.ts'
import { replaceFile } from './replace-file.ts'

const dayMs = 86_400_000
let number = 0n

/** A CRL of this authority in DER, the next one each time. `dates`: milliseconds since the epoch. */
export function crlOf(
  authority: Authority,
  revoked: readonly Pick<Issued, 'x509'>[],
  dates: { readonly thisUpdate?: number; readonly nextUpdate?: number } = {},
): Buffer {
  number += 1n
  const thisUpdate = dates.thisUpdate ?? Date.now() - 60_000
  return writeCrl({
    issuer: authority.credentials,
    revoked: revoked.map(({ x509 }) => ({
      serialNumber: x509.serialNumber,
      at: thisUpdate - 60_000,
      reason: 'keyCompromise',
    })),
    number,
    thisUpdate,
    nextUpdate: dates.nextUpdate ?? thisUpdate + dayMs,
  })
}

/** Writes it where the configuration of a test names it; the proxy sees the change by itself. */
export function writeCrlFile(folder: string, name: string, ...crl: Parameters<typeof crlOf>): void {
  replaceFile(join(folder, name), crlOf(...crl))
}
