import { makeAuthority } from '../support/authority.ts'
import { certificateIsRefused } from '../support/certificate-refused.ts'

certificateIsRefused(
  'a certificate without a path to a trusted root is refused',
  '[A00.FR.403][A00.FR.407][A00.FR.408][TC_A_08]',
  'client_cert_untrusted',
  [
    {
      what: 'of an unknown authority',
      issue: async () => (await makeAuthority({ name: 'Unknown root' })).chargePoint(),
      detail: /issuer .*Unknown root.* is not among/,
    },
    {
      what: 'of an impostor with the name of the trusted root',
      issue: async () => (await makeAuthority()).chargePoint(),
      detail: /names another key of|is not by the key of/,
    },
    {
      what: 'whose intermediate certificate was not sent',
      issue: async ({ cpo }) => {
        const issued = await (await cpo.intermediate()).chargePoint()
        return { ...issued, chain: issued.certificate }
      },
      detail: /issuer .*charge points.* is not among/,
    },
  ],
)
