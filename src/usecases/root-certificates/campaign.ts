import { readHashData } from '../../pki/hash-data.ts'
import { isInstallable } from '../../policy/root-certificate.ts'
import type { CampaignRoot } from '../../store/store.ts'
import { domainProblem, type TrustDomains } from './domains.ts'
import { problemsOfRoot, readRoot } from './root.ts'

/**
 * What is wrong with the root of a campaign, so that it is said before the first charge point is asked;
 * null: nothing. `now` in milliseconds since the epoch. Never throws.
 */
export function campaignRootProblem(
  kind: 'install-root' | 'delete-root',
  { certificateType, certificate, oldRoot, hashData }: CampaignRoot,
  now: number,
  domains: TrustDomains,
): string | null {
  if (kind === 'install-root') {
    if (!isInstallable(certificateType)) return 'a V2GCertificateChain is no root that can be installed'
    if (certificate === undefined || hashData !== undefined) return 'install-root needs the certificate'
    const [problem] = problemsOfRoot(certificate, now)
    if (problem !== undefined) return `${problem.detail} (${problem.code})`
    const root = readRoot(certificate)
    const crossed = 'code' in root ? root : domainProblem(root, certificateType, domains)
    if (crossed !== null) return `${crossed.detail} (${crossed.code})`
    const old = oldRoot === undefined ? null : readRoot(oldRoot)
    return old !== null && 'code' in old ? `the old root: ${old.detail} (${old.code})` : null
  }
  if (oldRoot !== undefined) return 'an old root is an extra of install-root'
  if ((certificate === undefined) === (hashData === undefined)) {
    return 'delete-root needs either the certificate or its hash data'
  }
  if (hashData !== undefined) return readHashData(hashData) === null ? 'the hash data cannot be read' : null
  const root = readRoot(certificate ?? '')
  return 'code' in root ? `${root.detail} (${root.code})` : null
}
