import type { CentralSystemConfig } from '../config/schema.ts'
import type { Protocol } from '../policy/protocol.ts'
import type { UpstreamTarget } from '../relay/upstream.ts'

/** A central system as configured, and where it is: path, headers and password never go to another one. */
export interface Upstream {
  readonly target: UpstreamTarget
  readonly centralSystem: Pick<CentralSystemConfig, 'preset' | 'headers' | 'authorization' | 'connectTimeout'>
}

/** By what a charge point speaks. */
export type Upstreams = ReadonlyMap<Protocol, Upstream>
