import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listening, startProgram, versionOf } from '../machine/processes.ts'
import { openFilesLimit, processTree } from '../machine/usage.ts'
import { type Peer, type PeerSetting, suite12, suite13 } from './peer.ts'

/** nginx with one worker, as an operator would set it up: TLS, Basic authentication, WebSocket upgrade. */
export const nginx: Peer = {
  name: 'nginx',
  availability() {
    const version = versionOf('nginx', ['-v'])
    return version === null ? { missing: 'nginx is not installed' } : { version }
  },
  async start(setting) {
    const file = join(setting.folder, 'nginx.conf')
    writeFileSync(join(setting.folder, 'htpasswd'), htpasswd(setting), { mode: 0o600 })
    writeFileSync(file, configuration(setting))
    const started = startProgram('nginx', [
      '-p',
      setting.folder,
      '-e',
      join(setting.folder, 'error.log'),
      '-c',
      file,
    ])
    await listening(setting.listenPort, started)
    return { pids: () => processTree(started.pid), stop: () => started.stop() }
  },
}

/** {SHA} is the cheapest hash that nginx checks itself: one SHA-1, so the handshake stays the cost. */
function htpasswd(setting: PeerSetting): string {
  const hash = createHash('sha1').update(setting.password).digest('base64')
  return setting.identities.map((identity) => `${identity}:{SHA}${hash}\n`).join('')
}

function configuration(setting: PeerSetting): string {
  const connections = Math.min(16_000, openFilesLimit() - 500)
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log crit;
events { worker_connections ${connections}; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${setting.listenPort} ssl backlog=4096;
    ssl_certificate ${setting.certificate.certificate};
    ssl_certificate_key ${setting.certificate.key};
    ssl_protocols ${setting.tls};
    ssl_ciphers ${suite12};
    ssl_conf_command Ciphersuites ${suite13};
    location /ocpp/ {
      auth_basic "ocpp";
      auth_basic_user_file htpasswd;
      proxy_pass http://127.0.0.1:${setting.upstreamPort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Authorization "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
    }
  }
}
`
}
