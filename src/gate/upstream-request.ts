import { TLSSocket } from 'node:tls'
import type { Protocol } from '../policy/protocol.ts'
import type { UpstreamRequest } from '../relay/upstream.ts'
import type { CredentialUse } from './admission.ts'
import type { GateConnection } from './connection.ts'
import type { LivePolicy } from './listener.ts'
import type { UpgradeRequest } from './upgrade-request.ts'
import { upstreamAuthorization } from './upstream-authorization.ts'
import { upstreamHeaders } from './upstream-headers.ts'
import type { Upstream } from './upstreams.ts'

/** A charge point that was admitted, and what it asked for. */
export interface AdmittedRequest {
  readonly connection: GateConnection
  readonly policy: LivePolicy
  readonly request: UpgradeRequest
  readonly protocol: Protocol
  readonly upstream: Upstream
  readonly credential: CredentialUse
}

/** What the central system is asked on its behalf. `secret`: in place of the password that it is known by. */
export function upstreamRequest(
  { connection, policy, request, protocol, upstream, credential }: AdmittedRequest,
  secret: string | null = null,
): UpstreamRequest {
  const { listener, config } = policy
  const { identity, remote, chain, chargePoint } = connection.facts
  const { target, centralSystem } = upstream
  const admitted = { chargePoint, credential }
  const values = {
    identity: identity?.identity ?? '',
    serialNumber: chargePoint?.serialNumber ?? null,
    profile: listener.securityProfile,
    certificate: chain === null ? null : certificatePem(connection),
    remoteAddress: remote.address,
    listener: listener.name,
  }
  const origin = {
    secure: connection.facts.tls !== null,
    host: connection.facts.hello?.serverName ?? '',
    userAgent: request.userAgent,
  }
  const authorization =
    identity === null
      ? null
      : upstreamAuthorization(
          { centralSystem, store: config.store },
          values,
          admitted,
          request.authorization,
          identity,
          secret,
        )
  return {
    // The path of the central system, and the identity byte for byte as it came (design, section 4).
    path: `${target.path}/${identity?.encoded ?? ''}`,
    protocols: [protocol],
    headers: upstreamHeaders(centralSystem, values, origin, authorization),
    timeoutMs: centralSystem.connectTimeout,
  }
}

function certificatePem({ socket }: GateConnection): string | null {
  return socket instanceof TLSSocket ? (socket.getPeerX509Certificate()?.toString() ?? null) : null
}
