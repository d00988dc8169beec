import { dayMs } from '../../src/pki/profiles.ts'
import { certificateIsRefused } from '../support/certificate-refused.ts'

certificateIsRefused(
  'a certificate of the future is refused',
  '[A00.FR.403][A00.FR.407]',
  'client_cert_not_yet_valid',
  [
    {
      what: 'valid from next week',
      issue: ({ cpo }) => cpo.chargePoint({ notBefore: Date.now() + 7 * dayMs, days: 30 }),
      detail: /is not valid before 20/,
    },
  ],
)
