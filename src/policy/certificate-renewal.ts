/** The way of a certificate to a charge point (A02, A03). */

/**
 * pending: accepted, and not issued so far. issued: to be sent. sent: it went out, and what the charge
 * point made of it is not known. accepted: it has it; the old one is valid beside it. seen: it has
 * connected with it, and the old one has retired. refused: by the charge point, which keeps the old one. failed:
 * nothing was issued, or nothing that could be handed on.
 */
export type RenewalPhase = 'pending' | 'issued' | 'sent' | 'accepted' | 'seen' | 'refused' | 'failed'

export const renewalPhases: readonly RenewalPhase[] = [
  'pending',
  'issued',
  'sent',
  'accepted',
  'seen',
  'refused',
  'failed',
]

/** charge-point: it asked by itself (A03). */
export type RenewalOrigin = 'charge-point' | 'operator' | 'campaign' | 'onboarding'

export const renewalOrigins: readonly RenewalOrigin[] = ['charge-point', 'operator', 'campaign', 'onboarding']
