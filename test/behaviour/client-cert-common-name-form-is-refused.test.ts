import { certificateIsRefused } from '../support/certificate-refused.ts'

certificateIsRefused(
  'a certificate whose name cannot be a serial number is refused',
  '[A00.FR.511]',
  'client_cert_common_name_form',
  [
    {
      what: 'a host name',
      issue: ({ cpo }) => cpo.chargePoint({ cn: 'charge-point.example.com' }),
      detail: /looks like a host name/,
    },
    {
      what: 'an IP address',
      issue: ({ cpo }) => cpo.chargePoint({ cn: '192.0.2.7' }),
      detail: /looks like an IP address/,
    },
    {
      what: 'two names',
      issue: ({ cpo }) => cpo.chargePoint({ cn: ['SN-0001', 'SN-0002'] }),
      detail: /has 2 commonNames/,
    },
    { what: 'none', issue: ({ cpo }) => cpo.chargePoint({ cn: [] }), detail: /has no commonName/ },
  ],
)
