import { Type } from 'typebox'
import { about, choice, duration, file, size } from './kinds.ts'
import { allowedHosts, allowedNetworks } from './outbound.ts'
import { revocationSources } from './revocation.ts'

/** Signed firmware (L01): what is proven before an image is handed on to a charge point (A00.FR.706). */

const MiB = 1024 * 1024
const requirements = ['A00.FR.706']

export const firmwareSchema = Type.Object(
  {
    trust: Type.Array(file({ description: 'PEM file.' }), {
      maxItems: 64,
      uniqueItems: true,
      ...about({
        description:
          'Manufacturer roots that signing certificates must lead to. They are trusted for firmware only, and no root of charge points or servers is trusted here.',
        default: [],
        requirements,
      }),
    }),
    revocation: Type.Object(revocationSources, {
      additionalProperties: false,
      ...about({
        description:
          'Who says which signing certificates are revoked. The local deny list counts always, CRLs for every certificate of the path but its root, the responder for the signing certificate.',
        default: {},
        requirements,
      }),
    }),
    verifyImage: choice(['always', 'once', 'off'], {
      description:
        'Fetch the image from its location, and verify hash and signature, before a charge point is told. once: only while the entry was never verified, by `firmware add --image` or a fetch. off: never; for test tools that want a wrong signature sent. An ftp location cannot be fetched: there, once is what always means.',
      default: 'always',
      requirements,
    }),
    maxImageBytes: size({
      description: 'Size of an image; a larger one is not read to its end.',
      default: '256MiB',
      minimum: 1024,
      maximum: 4096 * MiB - 1,
      requirements: ['CWE-770'],
    }),
    fetchTimeout: duration({
      description: 'How long fetching an image may take in all.',
      default: '10m',
      minimum: 100,
      maximum: 6 * 3_600_000,
    }),
    ca: Type.Optional(
      file({ description: 'PEM file: authorities of file servers with https, in place of the public ones.' }),
    ),
    hosts: allowedHosts(
      'Hosts that file servers may redirect to, as files.example.com, or .example.com for all below. The host of a location in the catalogue is allowed anyway.',
    ),
    networks: allowedNetworks('file servers'),
    withoutEntry: choice(['pass', 'refuse'], {
      description:
        'UpdateFirmware of the central system for a location that is not in the catalogue: pass it on as it is, or answer SecurityError. A charge point that has L01 refuses the plain message (L01.FR.20).',
      default: 'pass',
      requirements: ['L01.FR.20', 'A00.FR.706'],
    }),
    withoutSupport: choice(['plain', 'none'], {
      description:
        'A charge point does not know SignedUpdateFirmware: it gets the plain UpdateFirmware, once image and certificate are verified, or none.',
      default: 'plain',
      requirements: ['L01.FR.20'],
    }),
  },
  {
    additionalProperties: false,
    ...about({
      description:
        'Signed firmware updates (`firmware add`): an UpdateFirmware of the central system becomes SignedUpdateFirmware.',
      default: {},
      requirements: ['L01.FR.11', 'L01.FR.20', 'A00.FR.706'],
    }),
  },
)
