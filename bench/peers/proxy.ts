import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, listening, nodeProgram, startProgram, versionOf } from '../machine/processes.ts'
import { processTree } from '../machine/usage.ts'
import { type Peer, type PeerSetting, suite12, suite13 } from './peer.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** As the program's first line has them. */
const nodeFlags = ['--max-semi-space-size=8', '--no-async-context-frame']

/** Ours, with everything on: registry in SQLite, password check, OCPP reading, metrics. */
export const proxy: Peer = {
  name: 'proxy',
  availability() {
    if (!existsSync(main)) return { missing: 'src/main.ts does not exist yet' }
    return { version: `node ${versionOf(nodeProgram, ['--version'])}` }
  },
  async start(setting) {
    const store = join(setting.folder, 'proxy.db')
    const file = join(setting.folder, 'proxy.yaml')
    registerChargePoints(setting, store)
    writeFileSync(file, configuration(setting, store, await freePort()))
    const started = startProgram(nodeProgram, [...nodeFlags, main, 'serve', '--config', file], {
      NODE_OPTIONS: setting.nodeOptions,
    })
    await listening(setting.listenPort, started)
    return { pids: () => processTree(started.pid), stop: () => started.stop() }
  },
}

function registerChargePoints(setting: PeerSetting, store: string): void {
  const file = join(setting.folder, 'charge-points.json')
  const entries = setting.identities.map((identity) => ({ identity, password: setting.password }))
  writeFileSync(file, JSON.stringify(entries), { mode: 0o600 })
  const result = spawnSync(nodeProgram, [main, 'charge-points', 'import', file, '--store', store], {
    encoding: 'utf8',
  })
  if (result.status !== 0) throw new Error(`charge points could not be imported: ${result.stderr}`)
}

function configuration(setting: PeerSetting, store: string, adminPort: number): string {
  const ciphers = setting.tls === 'TLSv1.2' ? suite12 : suite13
  const text = (value: string): string => JSON.stringify(value)
  return `listeners:
  - name: bench
    address: 127.0.0.1:${setting.listenPort}
    securityProfile: 2
    path: /ocpp
    tls:
      certificates:
        - { certificate: ${text(setting.certificate.certificate)}, key: ${text(setting.certificate.key)} }
      minVersion: ${setting.tls}
      ciphers: [${ciphers}]
centralSystem:
  url: ws://127.0.0.1:${setting.upstreamPort}/ocpp
limits: { handshakes: 4096, perAddressPerMinute: 1000000, messagesPerMinute: 0 }
store: { sqlite: ${text(store)} }
admin: { address: 127.0.0.1:${adminPort} }
log: { level: warn }
`
}
