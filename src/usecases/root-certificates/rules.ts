import { hashDataKey, sameHashData } from '../../pki/hash-data.ts'
import type {
  RootCertificateType,
  RootHashData,
  RootProblem,
  RootSelector,
} from '../../policy/root-certificate.ts'
import type { InstalledRoot, RootInventory } from '../../store/store.ts'
import { isSignedBy, type Root, rootOfHashData } from './root.ts'

/** What may be installed on a charge point, and what may be deleted from it (M04, M05). Pure. */

export interface InstallFacts {
  readonly certificateType: RootCertificateType
  readonly root: Root
  /** null: not known, or it does not have the key. */
  readonly additionalCheck: boolean | null
  /** What it holds of the type; null: not asked. */
  readonly installed: readonly InstalledRoot[] | null
  readonly known: readonly Root[]
}

/** What is wrong with this root for this charge point; null: nothing. */
export function installProblem(facts: InstallFacts): RootProblem | null {
  const { certificateType, root, additionalCheck, installed, known } = facts
  if (certificateType === 'CentralSystemRootCertificate' && additionalCheck === true) {
    return replacementProblem(root, installed ?? [], known)
  }
  if (root.facts.selfIssued) return null
  // Not asked: one that a known root has signed is what M05.FR.10 wants.
  const isAsked = installed !== null || certificateType === 'ManufacturerRootCertificate'
  if (!isAsked && known.some((old) => isSignedBy(root, old))) return null
  return { code: 'root_not_self_signed', detail: 'it is not self-signed, so it is no root' }
}

/** M05.FR.10: signed by the root that it takes the place of; where there is none, nothing has to sign it. */
function replacementProblem(
  root: Root,
  installed: readonly InstalledRoot[],
  known: readonly Root[],
): RootProblem | null {
  if (installed.length === 0) return null
  const old = installed.flatMap(({ hashData }) => rootOfHashData(hashData, known) ?? [])
  if (old.some((one) => isSignedBy(root, one))) return null
  if (old.length === 0) {
    const detail =
      'its present root is not known by more than its hash data, so nobody can say who signed the new one'
    return { code: 'root_old_unknown', detail }
  }
  return { code: 'root_not_signed_by_old', detail: 'it is not signed by the root that it takes the place of' }
}

export type Selection =
  | { readonly kind: 'found'; readonly root: InstalledRoot }
  | { readonly kind: 'none' }
  | { readonly kind: 'unclear'; readonly detail: string }

/** Which of the reported certificates is meant. `known` holds the one of the selector, where it names one. */
export function selectRoot(
  installed: readonly InstalledRoot[],
  selector: RootSelector,
  wanted: Root | null,
  known: readonly Root[],
): Selection {
  if ('hashData' in selector) {
    return foundOrNone(installed.find(({ hashData }) => sameHashData(hashData, selector.hashData)))
  }
  if ('serialNumber' in selector) {
    const [root, ...others] = installed.filter(({ hashData }) => hasSerial(hashData, selector.serialNumber))
    if (root === undefined) return { kind: 'none' }
    if (others.every((other) => sameHashData(other.hashData, root.hashData))) return { kind: 'found', root }
    return { kind: 'unclear', detail: 'it has several with this serial number: name it by its hash data' }
  }
  if (wanted === null) return { kind: 'none' }
  const { fingerprint, serialNumber } = wanted.facts
  const root = installed.find(
    ({ hashData }) => rootOfHashData(hashData, [wanted, ...known])?.facts.fingerprint === fingerprint,
  )
  if (root !== undefined) return { kind: 'found', root }
  // It may be the one, badly hashed: saying that it is gone would be a guess.
  if (
    installed.some(({ hashData, fingerprint: other }) => other === null && hasSerial(hashData, serialNumber))
  ) {
    const detail =
      'it has one with this serial number and hashes of another certificate: name it by its hash data'
    return { kind: 'unclear', detail }
  }
  return { kind: 'none' }
}

function foundOrNone(root: InstalledRoot | undefined): Selection {
  return root === undefined ? { kind: 'none' } : { kind: 'found', root }
}

function hasSerial({ serialNumber }: RootHashData, wanted: string): boolean {
  const bare = (text: string): string => text.toLowerCase().replace(/^0+(?=.)/, '')
  return bare(serialNumber) === bare(wanted)
}

/**
 * Is there no other certificate than `root` in the list, as far as anybody can say? One that was
 * reported under two algorithms is one. Who deletes the last root strands the charge point (M04, remarks).
 */
export function isLast(root: InstalledRoot, installed: readonly InstalledRoot[]): boolean {
  return installed.every((other) => mayBeSame(root, other))
}

function mayBeSame(one: InstalledRoot, other: InstalledRoot): boolean {
  if (one.fingerprint !== null && other.fingerprint !== null) return one.fingerprint === other.fingerprint
  if (one.hashData.hashAlgorithm === other.hashData.hashAlgorithm) {
    return hashDataKey(one.hashData) === hashDataKey(other.hashData)
  }
  return hasSerial(one.hashData, other.hashData.serialNumber)
}

/** The list of one type; null: it was never asked for. */
export function rootsOfType(
  inventories: readonly RootInventory[],
  type: RootCertificateType,
): readonly InstalledRoot[] | null {
  return inventories.find(({ certificateType }) => certificateType === type)?.roots ?? null
}
