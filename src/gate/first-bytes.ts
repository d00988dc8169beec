import type { Socket } from 'node:net'
import type { HelloFacts } from '../policy/facts.ts'
import type { ReasonCode } from '../policy/reasons.ts'
import { readClientHello } from './client-hello.ts'
import { readProxyHeader } from './proxy-protocol.ts'

export type FirstBytes =
  | {
      readonly ok: true
      /** null: no PROXY header, or one without an address (LOCAL). */
      readonly source: { readonly address: string; readonly port: number } | null
      /** null: the listener is a plain one. */
      readonly hello: HelloFacts | null
    }
  | { readonly ok: false; readonly reason: ReasonCode; readonly detail: string }

export interface FirstBytesOptions {
  readonly expectProxyHeader: boolean
  readonly expectHello: boolean
}

type Progress = FirstBytes | 'incomplete'

/**
 * Reads what comes before TLS: the PROXY protocol header where one is expected, and the
 * ClientHello. Everything behind the header is given back to the socket untouched, for OpenSSL or
 * HTTP to read. Fulfilled as well when the connection ends before; never rejected.
 */
export function readFirstBytes(socket: Socket, options: FirstBytesOptions): Promise<FirstBytes> {
  if (!options.expectProxyHeader && !options.expectHello) {
    return Promise.resolve({ ok: true, source: null, hello: null })
  }
  const reader = new FirstBytesReader(options)
  return new Promise((resolve) => {
    const onData = (chunk: Buffer) => {
      const progress = reader.push(chunk)
      if (progress === 'incomplete') return
      done()
      if (progress.ok) {
        socket.pause()
        if (reader.rest.length > 0) socket.unshift(reader.rest)
      }
      resolve(progress)
    }
    const onEnd = () => {
      done()
      resolve(reader.ended())
    }
    const done = () => {
      socket.off('data', onData)
      socket.off('end', onEnd)
      socket.off('close', onEnd)
    }
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('close', onEnd)
  })
}

class FirstBytesReader {
  readonly #options: FirstBytesOptions
  #bytes: Buffer = Buffer.alloc(0)
  #source: { address: string; port: number } | null = null
  #needsHeader: boolean

  constructor(options: FirstBytesOptions) {
    this.#options = options
    this.#needsHeader = options.expectProxyHeader
  }

  /** What follows the PROXY header. */
  get rest(): Buffer {
    return this.#bytes
  }

  push(chunk: Buffer): Progress {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    if (this.#needsHeader) {
      const header = readProxyHeader(this.#bytes)
      if (header.status === 'incomplete') return 'incomplete'
      if (header.status === 'invalid') return refuse('proxy_protocol', header.problem)
      this.#needsHeader = false
      this.#source = header.source
      this.#bytes = this.#bytes.subarray(header.length)
    }
    if (!this.#options.expectHello) return { ok: true, source: this.#source, hello: null }
    const result = readClientHello(this.#bytes)
    switch (result.status) {
      case 'incomplete':
        return 'incomplete'
      case 'not-tls':
        return refuse('not_tls', result.problem)
      case 'malformed':
        return refuse('handshake_malformed', result.problem)
      case 'complete':
        return { ok: true, source: this.#source, hello: result.hello }
      default:
        return result satisfies never
    }
  }

  /** The connection ended before these bytes were whole. */
  ended(): FirstBytes {
    if (this.#needsHeader && this.#bytes.length > 0) {
      return refuse('proxy_protocol', 'the connection ended within the PROXY header')
    }
    if (this.#bytes.length === 0) return refuse('empty_connection', 'closed without a byte')
    return refuse('handshake_aborted', 'the connection ended within the ClientHello')
  }
}

function refuse(reason: ReasonCode, detail: string): FirstBytes {
  return { ok: false, reason, detail }
}
