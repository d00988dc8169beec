import { dayMs } from '../../src/pki/profiles.ts'
import { certificateIsRefused } from '../support/certificate-refused.ts'

certificateIsRefused(
  'an expired certificate is refused',
  '[A00.FR.403][A00.FR.407][TC_A_08]',
  'client_cert_expired',
  [
    {
      what: 'the certificate of the charge point',
      issue: ({ cpo }) =>
        cpo.chargePoint({ notBefore: Date.now() - 60 * dayMs, notAfter: Date.now() - dayMs }),
      detail: /SN-0001.* expired at 20/,
    },
    {
      what: 'the authority in its path',
      issue: async ({ cpo }) => {
        const dates = { notBefore: Date.now() - 60 * dayMs, notAfter: Date.now() - dayMs }
        return (await cpo.intermediate({ name: 'Old authority', ...dates })).chargePoint()
      },
      detail: /Old authority.* expired at 20/,
    },
  ],
)
