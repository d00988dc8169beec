import { parseArgs } from 'node:util'
import type { TlsVersion } from './peers/peer.ts'

export interface Options {
  readonly peers: readonly string[]
  readonly scenarios: readonly string[]
  /** Null: what the scenario says. */
  readonly connections: number | null
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly quietSeconds: number
  /** Of scenarios in which the peers take turns while all of them run. */
  readonly rounds: number
  /** Of scenarios that start each peer anew. */
  readonly repeats: number
  readonly rate: number
  readonly messageBytes: number
  readonly tls: TlsVersion
  readonly nodeOptions: string
  /** Null: a name made of the time, in bench/results. */
  readonly json: string | null
}

export const usage = `Usage: node bench/run.ts [options]

  --quick               one short repeat of everything, for a first look
  --peers a,b           which, in which order (default nginx,proxy,haproxy; also node-pipe)
  --scenario a,b        which (default all: round-trips, latency, memory, round-trips-fleet, handshakes, resumed)
  --connections N       instead of what the scenarios say (100 or 5000)
  --seconds N           how long each turn is (default 1)
  --rounds N            how often each peer has its turn (default 15)
  --repeats N           the same where every turn starts the peer anew: memory (default 3)
  --warm-up N           seconds of load on each peer before its first turn (default 15)
  --rate N              CALLs a second in the latency scenario (default 2000)
  --message-bytes N     size of a CALL and of its answer (default 200)
  --tls 1.2|1.3         default 1.2, which is what charge points speak
  --node-options="…"    NODE_OPTIONS for the peers that run on Node
  --json FILE           where the figures go (default bench/results/TIME.json)
`

/** Reads the command line. Throws TypeError with a message for the user. */
export function readOptions(args: readonly string[], allScenarios: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      peers: { type: 'string', default: 'nginx,proxy,haproxy' },
      scenario: { type: 'string', default: allScenarios.join(',') },
      connections: { type: 'string' },
      seconds: { type: 'string' },
      repeats: { type: 'string' },
      rounds: { type: 'string' },
      'warm-up': { type: 'string' },
      rate: { type: 'string', default: '2000' },
      'message-bytes': { type: 'string', default: '200' },
      tls: { type: 'string', default: '1.2' },
      'node-options': { type: 'string', default: '' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  if (values.tls !== '1.2' && values.tls !== '1.3') throw new TypeError('--tls is 1.2 or 1.3')
  return {
    peers: values.peers.split(','),
    scenarios: values.scenario.split(','),
    connections: values.connections === undefined ? null : positive('--connections', values.connections),
    seconds: positive('--seconds', values.seconds ?? '1'),
    warmUpSeconds: positive('--warm-up', values['warm-up'] ?? (values.quick ? '4' : '15')),
    quietSeconds: values.quick ? 2 : 5,
    rounds: positive('--rounds', values.rounds ?? (values.quick ? '3' : '15')),
    repeats: positive('--repeats', values.repeats ?? (values.quick ? '1' : '3')),
    rate: positive('--rate', values.rate),
    messageBytes: positive('--message-bytes', values['message-bytes']),
    tls: `TLSv${values.tls}`,
    nodeOptions: values['node-options'],
    json: values.json ?? null,
  }
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`${option} is a whole number from 1`)
  return value
}
