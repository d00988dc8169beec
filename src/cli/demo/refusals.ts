import { type DemoReason, demoReasons } from './not-shown.ts'
import type { RefusalCase } from './refusal-case.ts'
import { authenticationRefusals } from './refusals/authentication.ts'
import { certificateRefusals } from './refusals/certificate.ts'
import { httpRefusals } from './refusals/http.ts'
import { relayRefusals } from './refusals/relay.ts'
import { tcpRefusals } from './refusals/tcp.ts'
import { tlsRefusals } from './refusals/tls.ts'
import { upstreamRefusals } from './refusals/upstream.ts'

/** One refused charge point for every reason: the compiler says which one is missing. */
export const refusals: Readonly<Record<DemoReason, RefusalCase>> = {
  ...tcpRefusals,
  ...tlsRefusals,
  ...certificateRefusals,
  ...httpRefusals,
  ...authenticationRefusals,
  ...upstreamRefusals,
  ...relayRefusals,
}

/** These end what the others need: a central system, and a proxy. */
const lastOnes: readonly DemoReason[] = ['central_system_unreachable', 'draining']

/** In the order of the table of reasons, but for the last ones. */
export const refusalOrder: readonly DemoReason[] = [
  ...demoReasons.filter((reason) => !lastOnes.includes(reason)),
  ...lastOnes,
]
