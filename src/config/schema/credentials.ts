import { Type } from 'typebox'
import { about, duration, flag } from './kinds.ts'
import { networkProfiles } from './network-profile.ts'

/** How passwords (A01) and security profiles (A05) of charge points are changed. */

const day = 86_400_000

export const passwordsSchema = Type.Object(
  {
    acceptedGrace: duration({
      description:
        'How long the old password stays valid after a charge point accepted a new one, unless the new one is seen before. 0s is the letter of the standard.',
      default: '0s',
      minimum: 0,
      maximum: 30 * day,
      requirements: ['A01.FR.03'],
    }),
    unansweredGrace: duration({
      description:
        'How long both passwords stay valid when the charge point did not answer. After it the one that was seen stays; who is on the same connection still has to log in again. After RebootRequired both stay until the new one is seen, with an event once a day after this time while the old one is in use.',
      default: '24h',
      minimum: 60_000,
      maximum: 90 * day,
      requirements: ['A01.FR.03', 'A01.FR.04'],
    }),
    resetAfterRebootRequired: flag({
      description:
        'Reset(Soft), once no transaction is open, for a charge point that answered an operator with RebootRequired: to a new password, or to a new profile. Where the request does not say otherwise; campaigns have their own switch, --reset.',
      default: true,
    }),
  },
  {
    additionalProperties: false,
    ...about({ description: 'Changes of passwords (AuthorizationKey).', default: {} }),
  },
)

export const profileUpgradeSchema = Type.Object(
  {
    timeout: duration({
      description:
        'How long an upgrade of the security profile may take, reconnection included, unless the request says otherwise.',
      default: '5m',
      minimum: 1_000,
      maximum: day,
      requirements: ['A05.FR.07'],
    }),
    openFor: duration({
      description:
        'How long a higher profile that the proxy has opened stays open for a charge point that comes back on its old one, where it is not known that it has tried: it answered RebootRequired, or its answer was lost. After that its next connection on the old profile shuts the higher one.',
      default: '24h',
      minimum: 60_000,
      maximum: 30 * day,
      requirements: ['A05.FR.08', 'A05.FR.09'],
    }),
    allowSecurityProfileDowngrade: flag({
      description:
        'With edition 4: the central system may lower a charge point from profile 3 to 2. Otherwise it is answered Rejected, as every other attempt to lower a profile.',
      default: false,
      requirements: ['A00.FR.005'],
    }),
    networkProfiles,
  },
  {
    additionalProperties: false,
    ...about({ description: 'Changes of the security profile (SecurityProfile).', default: {} }),
  },
)
