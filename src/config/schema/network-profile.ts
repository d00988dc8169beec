import { Type } from 'typebox'
import { about, choice, duration, integer, url } from './kinds.ts'

/** How a charging station of OCPP 2.0.1 is to reach a security profile (B09): what SetNetworkProfile says. */
const networkProfile = Type.Object(
  {
    securityProfile: choice([1, 2, 3], {
      description: 'The profile that is reached this way.',
      requirements: ['A05.FR.05'],
    }),
    url: url({
      description:
        'ocppCsmsUrl: ws:// or wss:// URL of a listener of that profile as charging stations reach it; they append "/" and their identity.',
    }),
    interface: choice(
      ['Wired0', 'Wired1', 'Wired2', 'Wired3', 'Wireless0', 'Wireless1', 'Wireless2', 'Wireless3'],
      { description: 'ocppInterface: the network interface that they use.', default: 'Wired0' },
    ),
    messageTimeout: duration({
      description: 'messageTimeout: how long they wait for an answer; whole seconds.',
      default: '30s',
      minimum: 1_000,
      maximum: 600_000,
    }),
    slot: integer({
      description:
        'configurationSlot. What it holds is overwritten, and nobody can ask a charging station what that is; the one that it is connected by is left alone.',
      minimum: 0,
      maximum: 1_000,
      requirements: ['A05.FR.08'],
    }),
  },
  { additionalProperties: false },
)

export const networkProfiles = Type.Array(networkProfile, {
  maxItems: 3,
  ...about({
    description:
      'For charging stations of OCPP 2.0.1, whose security profile is part of a network profile: how to reach each. Without an entry an operator or campaign does not move them there.',
    default: [],
    requirements: ['A05.FR.05', 'A05.FR.07'],
  }),
})
