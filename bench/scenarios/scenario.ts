import type { Load } from '../load/driver.ts'
import type { RunningPeer } from '../peers/peer.ts'

/** One figure of a scenario. Less is better in every figure that has a ratio. */
export interface Metric {
  readonly key: string
  readonly label: string
  readonly unit: string
  readonly digits: number
  /** Is a ratio against nginx of interest? */
  readonly ratio: boolean
}

/** What a scenario has to work with: the peer, freshly started, and an idle load generator. */
export interface Stage {
  readonly peer: RunningPeer
  readonly load: Load
  readonly connections: number
  /** How long is measured. */
  readonly seconds: number
  /** How long is run before that, unmeasured. */
  readonly warmUpSeconds: number
  /** How long nothing happens before memory is read. */
  readonly quietSeconds: number
  /** CALLs a second in an open loop. */
  readonly rate: number
}

/** The figures of one run, by the key of their metric. */
export type Sample = Readonly<Record<string, number>>

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly connections: number
  readonly metrics: readonly Metric[]
  /** Once, before anything is measured. */
  prepare?(stage: Stage): Promise<void>
  /** Measures. */
  run(stage: Stage): Promise<Sample>
  /**
   * All peers run at once, and are measured in turn, a short while each: what the machine does
   * beside hits them alike. Not for scenarios in which a peer that is at rest would be in the way.
   */
  readonly interleaved: boolean
}
