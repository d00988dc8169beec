import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import type { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { secretsIn } from './secrets.ts'
import { keep, transcriptVariable } from './transcript.ts'

/**
 * Loaded before every test file by `npm test` (`--import`). It keeps what can be kept without the help of
 * a test, so that a new test need not remember to: the output of processes of ours, and the answers that
 * a test hears over HTTP. Passwords that travel in ChangeConfiguration become known secrets here.
 */
const temporary = join(import.meta.dirname, '..', '..', '.tmp')
process.env[transcriptVariable] ??= join(temporary, 'transcript')

// Hundreds of processes load the same modules: what one of them has compiled serves those after it. Node reads
// the variable at its start, in whatever a test starts too.
process.env.NODE_COMPILE_CACHE ??= join(temporary, 'compiled')
enableCompileCache(process.env.NODE_COMPILE_CACHE)

/** Listens without being a listener: one more would start a stream before its reader is there. */
function overhear(emitter: EventEmitter, event: string, hear: (value: unknown) => void): void {
  const { emit } = emitter
  emitter.emit = function (this: EventEmitter, name: string | symbol, ...values: unknown[]) {
    if (name === event) hear(values[0])
    return emit.call(this, name, ...values)
  }
}

function keepChunk(channel: 'process' | 'http', chunk: unknown): void {
  // As bytes: a line may come in two chunks.
  if (typeof chunk === 'string') keep(channel, Buffer.from(chunk))
  else if (chunk instanceof Uint8Array) keep(channel, chunk)
}

subscribe('tracing:child_process.spawn:end', (message) => {
  const { process: child } = message as { readonly process: ChildProcess }
  // Other programs show what they are asked to show: openssl its keys.
  if (child.spawnfile !== process.execPath) return
  // It has its streams when `spawn` returns, and nothing to read before that.
  queueMicrotask(() => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) overhear(stream, 'data', (chunk) => keepChunk('process', chunk))
    }
  })
})

subscribe('undici:request:bodyChunkReceived', (message) => {
  keepChunk('http', (message as { readonly chunk: unknown }).chunk)
})

subscribe('http.client.response.finish', (message) => {
  const { response } = message as { readonly response: IncomingMessage }
  overhear(response, 'data', (chunk) => keepChunk('http', chunk))
})

overhear(WebSocket.prototype, 'message', (data) => {
  if (Buffer.isBuffer(data) && data.includes('AuthorizationKey')) secretsIn(data.toString())
})
