import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createServer } from 'node:tls'
import { type PeerSetting, suite12, suite13 } from './peer.ts'

/** The process of the node-pipe peer: bytes in, bytes out, back-pressure, and nothing else. */
const setting: PeerSetting = JSON.parse(process.argv[2] ?? '{}')

const server = createServer(
  {
    cert: readFileSync(setting.certificate.certificate),
    key: readFileSync(setting.certificate.key),
    minVersion: setting.tls,
    maxVersion: setting.tls,
    ciphers: `${suite13}:${suite12}`,
    noDelay: true,
  },
  (client) => {
    const upstream = connect({ host: '127.0.0.1', port: setting.upstreamPort, noDelay: true })
    forward(client, upstream)
    forward(upstream, client)
  },
)
// A client that goes away during the handshake is no fault of ours.
server.on('tlsClientError', () => undefined)

function forward(from: Socket, to: Socket): void {
  from.on('data', (chunk) => {
    if (!to.write(chunk)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.on('end', () => to.end())
  from.on('close', () => to.destroy())
  from.on('error', () => to.destroy())
}

server.listen({ host: '127.0.0.1', port: setting.listenPort, backlog: 4096 }, () => process.send?.('ready'))
process.on('disconnect', () => process.exit(0))
