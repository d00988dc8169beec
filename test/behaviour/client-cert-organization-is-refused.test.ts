import { certificateIsRefused } from '../support/certificate-refused.ts'

certificateIsRefused(
  'a certificate of another organization is refused',
  '[A00.FR.404]',
  'client_cert_organization',
  [
    {
      what: 'whose name contains that of the operator',
      issue: ({ cpo }) => cpo.chargePoint({ o: 'Example CPO Two' }),
      detail: /"Example CPO Two" is none of cpo.names/,
    },
    {
      what: '[A00.FR.509] without an organization',
      issue: ({ cpo }) => cpo.chargePoint({ o: [] }),
      detail: /has no organizationName/,
    },
    {
      what: 'with two organizations',
      issue: ({ cpo }) => cpo.chargePoint({ o: ['Example CPO', 'Other'] }),
      detail: /has 2 organizationNames/,
    },
    {
      what: 'of a manufacturer',
      issue: ({ factory }) => factory.chargePoint({ o: 'Example CPO' }),
      detail: /comes from a manufacturer/,
    },
  ],
)
