import { certificateIsRefused } from '../support/certificate-refused.ts'

certificateIsRefused(
  'a certificate without a serial number is refused',
  '[A00.FR.508]',
  'client_cert_no_serial',
  [
    { what: 'zero', issue: ({ cpo }) => cpo.chargePoint({ serial: 0 }), detail: /no positive serial/ },
    { what: 'negative', issue: ({ cpo }) => cpo.chargePoint({ serial: -5 }), detail: /no positive serial/ },
  ],
)
