import { type KeyFinding, problem } from '../../config/problem.ts'
import { readCertificates } from './certificate-file.ts'
import type { CheckContext } from './context.ts'
import { checkTrustFile } from './files.ts'
import { checkCrlFiles } from './revocation.ts'

/** The manufacturer roots, their CRLs, and the authorities of file servers (A00.FR.706). */
export function checkFirmware(context: CheckContext): KeyFinding[] {
  const { trust, ca, revocation } = context.config.firmware
  const found = trust.flatMap((file, index) => checkTrustFile(context, file, ['firmware', 'trust', index]))
  if (ca !== undefined) {
    const read = readCertificates(context, ca)
    if (!read.ok) found.push(problem(['firmware', 'ca'], read.problem))
  }
  return [...found, ...checkCrlFiles(context, trust, revocation, ['firmware', 'revocation'])]
}
