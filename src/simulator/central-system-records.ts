import type { IncomingHttpHeaders } from 'node:http'
import type { OcppMessage } from '../ocpp/message.ts'
import { createWaiters } from './waiters.ts'

/** One WebSocket of a charge point, as the central system saw it. */
export interface ConnectionRecord {
  readonly identity: string
  /** The request target, as received. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** In order and with the names as received. Holds Authorization: for tests, never to be printed. */
  readonly headerLines: readonly (readonly [string, string])[]
  readonly subprotocol: string | null
}

export interface MessageRecord {
  readonly identity: string
  /** What came, whole; answers to own CALLs included. */
  readonly text: string
  /** null: not an OCPP-J message. */
  readonly message: OcppMessage | null
}

export interface CloseRecord {
  readonly identity: string
  readonly code: number
  readonly reason: string
}

/** Filter and patience of the `next…` promises; everybody, and 60 s, by default. */
export interface NextOptions {
  readonly identity?: string
  readonly timeoutMs?: number
}

/** What came so far (the last `historyLimit` of each), and promises for what comes next. */
export interface CentralSystemRecords {
  connections(identity?: string): readonly ConnectionRecord[]
  messages(identity?: string): readonly MessageRecord[]
  closes(identity?: string): readonly CloseRecord[]
  /** The next one from now on. @throws ProxyError `wait_timeout`, `wait_closed`, `wait_limit`. */
  nextConnection(options?: NextOptions): Promise<ConnectionRecord>
  nextMessage(options?: NextOptions & { readonly action?: string }): Promise<MessageRecord>
  nextClose(options?: NextOptions): Promise<CloseRecord>
}

interface Log<T> {
  add(entry: T): void
  all(identity?: string): readonly T[]
  next(what: string, options: NextOptions, fits?: (entry: T) => boolean): Promise<T>
  close(): void
}

function createLog<T extends { readonly identity: string }>(limit: number): Log<T> {
  const entries: T[] = []
  const waiters = createWaiters<T>()
  return {
    add(entry) {
      if (limit > 0) entries.push(entry)
      if (entries.length > limit) entries.shift()
      waiters.offer(entry)
    },
    all: (identity) => entries.filter((entry) => identity === undefined || entry.identity === identity),
    next: (what, { identity, timeoutMs = 60_000 }, fits = () => true) =>
      waiters.next(
        (entry) => (identity === undefined || entry.identity === identity) && fits(entry),
        timeoutMs,
        `${what} of ${identity ?? 'anybody'}`,
      ),
    close: () => waiters.close(),
  }
}

export interface Recorder {
  readonly records: CentralSystemRecords
  addConnection(record: ConnectionRecord): void
  addMessage(record: MessageRecord): void
  addClose(record: CloseRecord): void
  /** Rejects everybody who still waits. */
  close(): void
}

/** `limit`: entries of each kind that are kept; the oldest go first. */
export function createRecorder(limit: number): Recorder {
  const connections = createLog<ConnectionRecord>(limit)
  const messages = createLog<MessageRecord>(limit)
  const closes = createLog<CloseRecord>(limit)
  return {
    addConnection: (record) => connections.add(record),
    addMessage: (record) => messages.add(record),
    addClose: (record) => closes.add(record),
    records: {
      connections: (identity) => connections.all(identity),
      messages: (identity) => messages.all(identity),
      closes: (identity) => closes.all(identity),
      nextConnection: (options = {}) => connections.next('a connection', options),
      nextMessage: (options = {}) => {
        const { action } = options
        const fits = ({ message }: MessageRecord): boolean =>
          action === undefined || (message?.kind === 'call' && message.action === action)
        return messages.next(action ?? 'a message', options, fits)
      },
      nextClose: (options = {}) => closes.next('a close', options),
    },
    close() {
      for (const log of [connections, messages, closes]) log.close()
    },
  }
}
