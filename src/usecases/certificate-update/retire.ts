import type { UseCaseSession } from '../../relay/use-case.ts'
import type { RenewalRecord } from '../../store/store.ts'
import { type CertificateUpdateContext, stepRenewal } from './context.ts'

/** Certificates of one charge point that are looked at; each renewal retires those before it. */
const maxRetired = 100

/** The renewal whose certificate this session has come with, where that was not seen before. */
async function unseen(
  { renewals }: CertificateUpdateContext,
  { facts: { identity, certificate, profile } }: UseCaseSession,
): Promise<RenewalRecord | null> {
  if (certificate === null || profile !== 3) return null
  const renewal = await renewals.get(identity)
  return renewal?.certificateFingerprint === certificate && renewal.phase !== 'seen' ? renewal : null
}

/**
 * The charge point is heard over its new certificate: the old ones retire, on disk before the renewal
 * counts as seen, so that a proxy that is killed in between does it again (A02.FR.08).
 */
export async function seenWith(context: CertificateUpdateContext, session: UseCaseSession): Promise<void> {
  const renewal = await unseen(context, session)
  const { identity, certificate } = session.facts
  if (renewal === null || certificate === null) return
  const retired = await retireOld(context, renewal, certificate)
  const what =
    retired === 0 ? 'there was no old one' : `${retired} old one${retired === 1 ? ' is' : 's are'} refused`
  const detail = `it has connected with the new certificate; ${what} from now on`
  if ((await stepRenewal(context, renewal, { phase: 'seen', detail })) === null) return
  context.counted('seen')
  const techInfo = `certificate: ${detail} [A02.FR.08]`
  context.note({ type: 'ReconfigurationOfSecurityParameters', identity, techInfo })
  context.log.info({ identity, certificate, retired }, 'a new certificate of a charge point was seen')
}

interface Old {
  readonly fingerprint: string
  /** null: not known. */
  readonly notAfter: number | null
}

async function retireOld(
  { issued, denied, registry, clock }: CertificateUpdateContext,
  renewal: RenewalRecord,
  present: string,
): Promise<number> {
  const { identity, previousFingerprint } = renewal
  const now = clock.now()
  const old = new Map<string, Old>()
  if (previousFingerprint !== null) {
    const keys = await registry.keysOf(identity)
    const known = keys.find((key) => key.certificateFingerprint === previousFingerprint)
    old.set(previousFingerprint, { fingerprint: previousFingerprint, notAfter: known?.notAfter ?? null })
  }
  const given = await issued.list({ identity, revoked: false, limit: maxRetired })
  const own = given.find((one) => one.certificateFingerprint === present)?.number ?? Number.POSITIVE_INFINITY
  for (const { certificateFingerprint: fingerprint, notAfter, number } of given) {
    // What it asks for on this very session may be issued meanwhile: that one is no old one.
    if (notAfter > now && number < own) old.set(fingerprint, { fingerprint, notAfter })
  }
  old.delete(present)
  for (const { fingerprint, notAfter } of old.values()) {
    await denied.add({
      target: { kind: 'fingerprint', fingerprint },
      note: 'renewed: the charge point has connected with a newer certificate',
      by: 'superseded',
      ...{ identity, at: now, expiresAt: notAfter },
    })
    await issued.revoke(fingerprint, { at: now, reason: 'superseded' })
  }
  return old.size
}
