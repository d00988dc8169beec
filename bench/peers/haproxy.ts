import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listening, startProgram, versionOf } from '../machine/processes.ts'
import { openFilesLimit, processTree } from '../machine/usage.ts'
import { type Peer, type PeerSetting, suite12, suite13 } from './peer.ts'

/** HAProxy with one thread in HTTP mode; an upgraded connection becomes a tunnel. */
export const haproxy: Peer = {
  name: 'haproxy',
  availability() {
    const version = versionOf('haproxy', ['-v'])
    return version === null ? { missing: 'haproxy is not installed' } : { version }
  },
  async start(setting) {
    const file = join(setting.folder, 'haproxy.cfg')
    writeFileSync(file, configuration(setting), { mode: 0o600 })
    const started = startProgram('haproxy', ['-db', '-q', '-f', file])
    await listening(setting.listenPort, started)
    return { pids: () => processTree(started.pid), stop: () => started.stop() }
  },
}

function configuration(setting: PeerSetting): string {
  // Two files for each connection, and some for itself.
  const connections = Math.min(9500, Math.floor((openFilesLimit() - 500) / 2))
  // A plain comparison, as cheap as {SHA} in nginx is; the list is walked from its start.
  const users = setting.identities.map(
    (identity) => `  user ${identity} insecure-password ${setting.password}`,
  )
  return `global
  nbthread 1
  maxconn ${connections}
defaults
  mode http
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
userlist bench
${users.join('\n')}
frontend charge-points
  bind 127.0.0.1:${setting.listenPort} backlog 4096 ssl crt ${setting.certificate.combined} ssl-min-ver ${setting.tls} ssl-max-ver ${setting.tls} ciphers ${suite12} ciphersuites ${suite13}
  http-request auth realm ocpp unless { http_auth(bench) }
  http-request del-header Authorization
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
  default_backend central-system
backend central-system
  server echo 127.0.0.1:${setting.upstreamPort}
`
}
