import { type GuestOptions, guest } from '../guests.ts'
import { exchange } from '../raw-client.ts'
import type { Attempt, RefusalCase } from '../refusal-case.ts'
import { refusalSeen, viewOfBytes } from '../seen.ts'

/** Sends an HTTP request as it stands to the listener of profile 1. */
function asking(...lines: readonly string[]) {
  return async ({ site }: Attempt) =>
    viewOfBytes(await exchange(site.proxy.port('basic-auth'), lines.join('\r\n')))
}

function connecting(identity: string, options: GuestOptions) {
  return async ({ world }: Attempt) => {
    const client = await guest(world, identity, options)
    return refusalSeen(() => client.connect())
  }
}

export const httpRefusals = {
  request_malformed: {
    who: 'a browser: GET without an upgrade',
    site: 'main',
    attempt: asking('GET /ocpp/CP-1 HTTP/1.1', 'Host: localhost', '', ''),
  },
  request_timeout: {
    who: 'half a request, then silence',
    site: 'tight',
    attempt: asking('GET /ocpp/CP-1 HTTP/1.1', 'Host: loc'),
  },
  path_unknown: {
    who: 'CP-1, with the path of another system',
    site: 'main',
    async attempt({ world, site }) {
      const url = `ws://127.0.0.1:${site.proxy.port('basic-auth')}/steve`
      const client = await guest(world, 'CP-1', { url })
      return refusalSeen(() => client.connect())
    },
  },
  identity_invalid: {
    who: 'a control character in the identity',
    site: 'main',
    attempt: connecting('CP\u0001', { securityProfile: 1 }),
  },
  websocket_version: {
    who: 'a WebSocket draft of 2010',
    site: 'main',
    attempt: asking(
      'GET /ocpp/CP-1 HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 8',
      'Sec-WebSocket-Key: ZGVtbyBjaGFyZ2UgcHQuIQ==',
      '',
      '',
    ),
  },
  subprotocol: {
    who: 'CP-1, with OCPP 1.5',
    site: 'main',
    attempt: connecting('CP-1', { subprotocols: ['ocpp1.5'] }),
  },
} as const satisfies Record<string, RefusalCase>
