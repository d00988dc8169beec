import { Type } from 'typebox'
import { about, choice, duration, integer } from './kinds.ts'

/** How charge points with factory credentials get their own (A00.FR.406, A00.FR.801 to 806). */

const day = 86_400_000

const retry = Type.Object(
  {
    initial: duration({
      description: 'Wait after the first failure; it doubles with each further one.',
      default: '1m',
      minimum: 1_000,
      maximum: day,
    }),
    max: duration({
      description: 'The longest wait.',
      default: '1h',
      minimum: 1_000,
      maximum: day,
    }),
  },
  {
    additionalProperties: false,
    ...about({
      description:
        'When a charge point whose onboarding failed is tried again: with its next boot after that.',
      default: {},
    }),
  },
)

export const onboardingSchema = Type.Object(
  {
    endOnProfile: Type.Optional(
      choice([1, 2, 3], {
        description:
          'Security profile that a charge point must have reached before the central system sees it. Left out: the one that it comes on.',
        requirements: ['A05.FR.07'],
      }),
    ),
    bootInterval: duration({
      description:
        'Interval of BootNotification.conf with Pending: how long a charge point waits at least before it boots again. Whole seconds.',
      default: '30s',
      minimum: 1_000,
      maximum: day,
      requirements: ['A00.FR.806', 'OCPP 1.6 4.2'],
    }),
    timeout: duration({
      description: 'For one try, reconnections included.',
      default: '10m',
      minimum: 1_000,
      maximum: day,
      requirements: ['A00.FR.805'],
    }),
    sessionTimeout: duration({
      description: 'An onboarding session that is older is ended: the charge point comes again.',
      default: '30m',
      minimum: 1_000,
      maximum: day,
      requirements: ['CWE-770'],
    }),
    retry,
    sessions: integer({
      description: 'Charge points in onboarding at once; who is one too many comes again later.',
      default: 200,
      minimum: 1,
      maximum: 100_000,
      requirements: ['CWE-770'],
    }),
    unknownChargePoints: choice(['refuse', 'learn'], {
      description:
        'A factory certificate whose serial number is not registered: refuse it, or register it with the identity that it came with.',
      default: 'refuse',
      requirements: ['A00.FR.803', 'CWE-306'],
    }),
    expiredCertificates: choice(['admit', 'refuse'], {
      description:
        'With edition 4: a charge point whose certificate has expired may come to get a new one. Needs certificateAuthority.',
      default: 'admit',
      requirements: ['A00.FR.430', 'A00.FR.431', 'A00.FR.807'],
    }),
  },
  {
    additionalProperties: false,
    ...about({
      description:
        'Charge points that are registered for it come with the certificate (clientCertificates.factory) or password of their manufacturer, get credentials of their own, and are seen by the central system only then. Left out: factory certificates are refused.',
      requirements: ['A00.FR.406', 'A00.FR.805', 'A00.FR.806'],
    }),
  },
)
