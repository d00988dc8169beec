import { firstMessage, nodeProgram, startModule, versionOf } from '../machine/processes.ts'
import { processTree } from '../machine/usage.ts'
import type { Peer } from './peer.ts'

/**
 * A reference, no rival: what Node itself costs for TLS on one side and TCP on the other when
 * nothing is looked at. Our proxy can hardly be cheaper.
 */
export const nodePipe: Peer = {
  name: 'node-pipe',
  availability() {
    return { version: `node ${versionOf(nodeProgram, ['--version'])}` }
  },
  async start(setting) {
    const started = startModule(
      new URL('./node-pipe-process.ts', import.meta.url),
      [JSON.stringify(setting)],
      { NODE_OPTIONS: setting.nodeOptions },
    )
    await firstMessage(started)
    return { pids: () => processTree(started.pid), stop: () => started.stop() }
  },
}
