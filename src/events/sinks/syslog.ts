import { createSocket } from 'node:dgram'
import net from 'node:net'
import tls from 'node:tls'
import { messageOf } from '../../policy/error.ts'
import type { SecurityEventRecord } from '../../store/store.ts'
import { delivered, failed, type Sink, type SinkOutcome } from './sink.ts'
import { type SyslogFormat, syslogMessage } from './syslog-format.ts'

export interface SyslogSinkConfig {
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly address: { readonly host: string; readonly port: number }
  /** Milliseconds for connecting, sending and the other side's end. */
  readonly timeout: number
}

/** Over UDP (RFC 5426). Whether anybody hears is known to nobody: what is lost on the way is lost. */
export class UdpSyslogSink implements Sink {
  readonly batch = 100
  readonly #config: SyslogSinkConfig
  readonly #format: SyslogFormat

  constructor(config: SyslogSinkConfig, format: SyslogFormat) {
    this.#config = config
    this.#format = format
  }

  async send(events: readonly SecurityEventRecord[]): Promise<SinkOutcome> {
    const { host, port } = this.#config.address
    const socket = createSocket(net.isIPv6(host) ? 'udp6' : 'udp4')
    try {
      const problem = new Promise<never>((_, reject) => socket.once('error', reject))
      problem.catch(() => {})
      for (const event of events) {
        const message = syslogMessage(event, this.#format)
        const sent = Promise.withResolvers<void>()
        socket.send(message, port, host, (error) => (error ? sent.reject(error) : sent.resolve()))
        await Promise.race([sent.promise, problem])
      }
      return delivered
    } catch (error) {
      return failed(messageOf(error))
    } finally {
      socket.close()
    }
  }

  async close(): Promise<void> {}
}

/**
 * Over TCP with octet counting (RFC 6587 3.4.1), or TLS (RFC 5425). Syslog has no confirmation, and what
 * a kernel has taken from us may still be lost. So each batch has a connection of its own: we end our side,
 * and count it as delivered when the receiver has read to that end and ends its own.
 */
export class StreamSyslogSink implements Sink {
  readonly batch = 500
  readonly #config: SyslogSinkConfig
  readonly #format: SyslogFormat
  /** PEM of the roots; undefined: those of Node. */
  readonly #ca: string | undefined

  constructor(config: SyslogSinkConfig, format: SyslogFormat, ca: string | undefined) {
    this.#config = config
    this.#format = format
    this.#ca = ca
  }

  send(events: readonly SecurityEventRecord[], signal: AbortSignal): Promise<SinkOutcome> {
    const frames = events.map((event) => {
      const message = syslogMessage(event, this.#format)
      return Buffer.concat([Buffer.from(`${message.length} `), message])
    })
    return this.#deliver(Buffer.concat(frames), signal)
  }

  async close(): Promise<void> {}

  #deliver(bytes: Buffer, signal: AbortSignal): Promise<SinkOutcome> {
    if (signal.aborted) return Promise.resolve(failed('aborted'))
    return new Promise((resolve) => {
      const socket = this.#connect()
      const finish = (outcome: SinkOutcome) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        socket.destroy()
        resolve(outcome)
      }
      const onAbort = () => finish(failed('aborted'))
      const { timeout } = this.#config
      const timer = setTimeout(
        () => finish(failed(`the receiver did not end the connection within ${timeout} ms`)),
        timeout,
      )
      signal.addEventListener('abort', onAbort)
      socket.on('error', (error) => finish(failed(messageOf(error))))
      // Whatever it says is of no use to us; it has to be read for its end to be seen.
      socket.resume()
      let hasSent = false
      socket.once(this.#config.transport === 'tls' ? 'secureConnect' : 'connect', () => {
        socket.end(bytes, () => {
          hasSent = true
        })
      })
      const onEnd = () =>
        finish(hasSent ? delivered : failed('the receiver ended the connection before it had everything'))
      socket.once('end', onEnd)
      socket.once('close', onEnd)
    })
  }

  #connect(): net.Socket {
    const { address, transport } = this.#config
    const { host, port } = address
    // Half open: the receiver's end comes after ours.
    if (transport !== 'tls') return net.connect({ host, port, allowHalfOpen: true })
    return tls.connect({
      host,
      port,
      minVersion: 'TLSv1.2',
      ...(net.isIP(host) === 0 ? { servername: host } : {}),
      ...(this.#ca === undefined ? {} : { ca: this.#ca }),
    })
  }
}
