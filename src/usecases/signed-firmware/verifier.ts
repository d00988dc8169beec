import type { Logger } from '../../observe/log.ts'
import { messageOf } from '../../policy/error.ts'
import { isFetchable } from '../../policy/firmware.ts'
import type { FirmwareProblem } from '../../policy/firmware-certificate.ts'
import type { FirmwareEntry, FirmwareStore } from '../../store/store.ts'
import { type CertificateDeps, problemsOfCertificate } from './certificate.ts'
import { createImageChecks, type FetchImage } from './image.ts'

export interface VerifierDeps extends CertificateDeps {
  readonly firmware: FirmwareStore
  /** `firmware.verifyImage`, as the last reload left it. */
  readonly verifyImage: () => 'always' | 'once' | 'off'
  readonly fetchImage: FetchImage
  readonly log: Logger
}

export interface FirmwareVerifier {
  /**
   * What forbids to hand on this entry from this location; empty: nothing (A00.FR.706). `fetch`: whether
   * the image is fetched, whatever `verifyImage` says. Rejects when the store cannot be read.
   */
  verify(
    entry: FirmwareEntry,
    location: string,
    options?: { readonly fetch?: boolean },
  ): Promise<readonly FirmwareProblem[]>
}

/** Image and signing certificate are verified before a charge point is told of them. */
export function createFirmwareVerifier(deps: VerifierDeps): FirmwareVerifier {
  const { firmware, verifyImage, log, now } = deps
  const imageProblems = createImageChecks(deps.fetchImage, now)

  function wantsFetch({ verifiedAt }: FirmwareEntry, location: string): boolean {
    const mode = verifyImage()
    if (mode === 'off') return false
    // Of an ftp location only what was verified when it was added can count.
    return verifiedAt === null || (mode === 'always' && isFetchable(location))
  }

  /** For `firmware list`: what was found last. A failure to keep it changes nothing. */
  async function keep(
    entry: FirmwareEntry,
    { isFetched, problems }: { readonly isFetched: boolean; readonly problems: readonly FirmwareProblem[] },
  ): Promise<void> {
    const [first] = problems
    const problem = first === undefined ? null : `${first.code}: ${first.detail}`.slice(0, 500)
    const verifiedAt = isFetched && first === undefined ? now() : entry.verifiedAt
    const isNews = problem !== entry.problem || (verifiedAt ?? 0) - (entry.verifiedAt ?? 0) > 60_000
    if (!isNews) return
    try {
      const present = await firmware.get(entry.name)
      // Replaced meanwhile: this is about another one.
      if (present?.signature !== entry.signature || present.sha256 !== entry.sha256) return
      await firmware.put({ ...present, verifiedAt, problem })
    } catch (error) {
      log.error({ err: messageOf(error), firmware: entry.name }, 'what was found of an image was not kept')
    }
  }

  return {
    async verify(entry, location, { fetch } = {}) {
      const isFetched = fetch ?? wantsFetch(entry, location)
      const ofCertificate = await problemsOfCertificate(entry.chain, deps)
      const ofImage =
        isFetched && ofCertificate.length === 0 ? await imageProblems(entry, location, fetch === true) : []
      const problems = [...ofCertificate, ...ofImage]
      await keep(entry, { isFetched, problems })
      return problems
    },
  }
}
