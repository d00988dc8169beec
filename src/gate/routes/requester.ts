import type { IdentityFacts } from '../../policy/facts.ts'
import { maxIdentityBytes } from '../../policy/identity.ts'
import { basicUserNames } from '../../policy/password.ts'
import type { Verdict } from '../../policy/verdict.ts'
import type { Registry } from '../../store/store.ts'
import type { GateConnection } from '../connection.ts'

export type Requester =
  | { readonly ok: true; readonly identity: IdentityFacts }
  | (Verdict & { readonly ok: false })

/**
 * Which charge point asks. The URL of a plain request does not say it: on profiles 1 and 2 the user name does
 * (A00.FR.204), on profile 3 the serial number in the certificate (A00.FR.405). Nothing is proven by that yet.
 */
export async function findRequester(
  { listener, facts }: GateConnection,
  authorization: string | undefined,
  registry: Pick<Registry, 'get' | 'findBySerialNumber'>,
): Promise<Requester> {
  if (listener.securityProfile === 3) {
    const serialNumber = facts.chain?.leaf.commonNames[0] ?? ''
    const found = await registry.findBySerialNumber(serialNumber)
    return found === null
      ? refusal('charge_point_unknown', `serial number ${JSON.stringify(serialNumber)} is not registered`)
      : named(found.identity)
  }
  const names = basicUserNames(authorization).filter((name) => Buffer.byteLength(name) <= maxIdentityBytes)
  const [first] = names
  if (first === undefined) return refusal('credentials_missing', 'no HTTP Basic credentials that can be read')
  for (const name of names) if ((await registry.get(name)) !== null) return named(name)
  // Unknown: it takes the same way, and the same time, as a wrong password.
  return named(first)
}

function named(identity: string): Requester {
  return { ok: true, identity: { identity, encoded: encodedForm(identity) } }
}

/** A user name that is no Unicode text is nobody's. */
function encodedForm(identity: string): string {
  return encodeURIComponent(identity.toWellFormed())
}

function refusal(reason: 'charge_point_unknown' | 'credentials_missing', detail: string): Requester {
  return { ok: false, reason, detail }
}
