import { Type } from 'typebox'
import { about, network } from './kinds.ts'

/** Where the proxy may go on the word of somebody else: a certificate, a charge point, a file server (CWE-918). */

const requirements = ['CWE-918']

/** Names of hosts, exact or with a leading dot. */
export const allowedHosts = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
    maxItems: 64,
    uniqueItems: true,
    ...about({ description, default: [], requirements }),
  })

/** Networks that are refused unless they stand here; `whose` is the subject of the sentence. */
export const allowedNetworks = (whose: string) =>
  Type.Array(network({ description: 'Network, as 127.0.0.0/8.' }), {
    maxItems: 64,
    ...about({
      description: `Loopback, link-local and multicast addresses that ${whose} may have; public and private ones may be asked anyway.`,
      default: [],
      requirements,
    }),
  })
