import { certificateIsRefused } from '../support/certificate-refused.ts'

const serverAuth = '1.3.6.1.5.5.7.3.1'

certificateIsRefused(
  'a certificate that must not be used for this is refused',
  '[A00.FR.512]',
  'client_cert_key_usage',
  [
    {
      what: 'key usage without digitalSignature',
      issue: ({ cpo }) => cpo.chargePoint({ ku: ['keyAgreement'] }),
      detail: /without digitalSignature/,
    },
    {
      what: 'extended key usage of a server',
      issue: ({ cpo }) => cpo.chargePoint({ eku: [serverAuth] }),
      detail: /without clientAuth/,
    },
  ],
)
