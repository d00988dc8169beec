import { certificateIsRefused } from '../support/certificate-refused.ts'

certificateIsRefused(
  'a certificate with a weak key is refused',
  '[A00.FR.501][A00.FR.502]',
  'client_cert_weak_key',
  [{ what: 'RSA 1024', issue: ({ cpo }) => cpo.chargePoint({ bits: 1024 }), detail: /has RSA 1024/ }],
)
