import { certificateIsRefused } from '../support/certificate-refused.ts'

certificateIsRefused(
  'a certificate signed with SHA-1 is refused',
  '[A00.FR.504]',
  'client_cert_weak_signature',
  [
    {
      what: 'ECDSA with SHA-1',
      issue: ({ cpo }) => cpo.chargePoint({ signatureHash: 'SHA-1' }),
      detail: /is signed with ecdsa and sha1/,
    },
  ],
)
