import type { Payload } from '../ocpp/message.ts'
import { type LogStatus, type LogType, logTypes } from '../policy/charge-point-log.ts'
import { messageOf } from '../policy/error.ts'
import type { CommandTable } from './commands.ts'
import type { Answer, CallOutcome } from './endpoint.ts'
import { uploadLog } from './log-upload.ts'

/** How a charge point takes GetLog (N01). */
export const logFaults = {
  obey: 'As the standard says: Accepted, Uploading, the upload, Uploaded.',
  refuse: 'Rejected.',
  'not-supported': 'CALLERROR NotImplemented: it does not know GetLog.',
  error: 'CALLERROR InternalError, and nothing is done.',
  silent: 'It never answers, and uploads nothing.',
  slow: 'It pauses in the middle of the upload.',
  pretend: 'Uploaded, and nothing was uploaded.',
  mute: 'It uploads, and reports nothing.',
  'upload-failure': 'Uploading, then UploadFailure.',
  'bad-message': 'BadMessage.',
  'permission-denied': 'PermissionDenied.',
} as const
export type LogFault = keyof typeof logFaults

export interface LogBehaviour {
  readonly getLog: LogFault
  readonly method: 'PUT' | 'POST'
  /** Milliseconds that `slow` pauses. */
  readonly pauseMs: number
}

export const obedientLogs: LogBehaviour = { getLog: 'obey', method: 'PUT', pauseMs: 2_000 }

export interface LogCommandDeps {
  readonly behaviour: () => LogBehaviour
  /** What stands in the log. */
  readonly content: (type: LogType) => Buffer
  readonly ca: () => string | readonly string[] | undefined
  readonly call: (action: string, payload: Payload) => Promise<CallOutcome>
  readonly inBackground: (work: () => Promise<unknown>) => void
  readonly note: (detail: string) => void
  readonly now: () => Date
  /** Ended with the charge point. */
  readonly signal: () => AbortSignal
}

export interface LogCommands {
  readonly table: CommandTable
  /** What LogStatusNotification says now, when it is triggered. */
  status(): Payload
  /** Sends what could not be sent. */
  resume(): void
}

/** Statuses that wait for a connection; the oldest are forgotten. */
const maxUnsent = 8

/** N01 of the charge point. */
export function logCommands(deps: LogCommandDeps): LogCommands {
  let running: { readonly requestId: number; readonly end: AbortController } | null = null
  const unsent: Payload[] = []

  async function report(status: LogStatus, requestId: number): Promise<void> {
    const payload = { status, requestId }
    const { kind } = await deps.call('LogStatusNotification', payload)
    if (kind === 'result' || kind === 'error') return
    if (unsent.length >= maxUnsent) unsent.shift()
    unsent.push(payload)
  }

  async function run(requestId: number, type: LogType, location: string, fileName: string): Promise<void> {
    const { getLog: fault, method, pauseMs } = deps.behaviour()
    const end = new AbortController()
    running?.end.abort()
    running = { requestId, end }
    try {
      if (fault === 'bad-message') return await report('BadMessage', requestId)
      if (fault === 'permission-denied') return await report('PermissionDenied', requestId)
      if (fault !== 'mute') await report('Uploading', requestId)
      if (fault === 'upload-failure') return await report('UploadFailure', requestId)
      if (fault === 'pretend') return await report('Uploaded', requestId)
      const status = await uploadLog({
        ...{ location, fileName, method, ca: deps.ca(), content: deps.content(type) },
        pauseMs: fault === 'slow' ? pauseMs : 0,
        signal: AbortSignal.any([end.signal, deps.signal()]),
      })
      deps.note(`upload of ${fileName}: HTTP ${status}`)
      if (fault !== 'mute')
        await report(status >= 200 && status < 300 ? 'Uploaded' : 'UploadFailure', requestId)
    } catch (error) {
      deps.note(`upload of ${fileName}: ${messageOf(error)}`)
      // N01.FR.20 of edition 4 would report AcceptedCanceled; the schemas before it do not have that.
      if (!end.signal.aborted && !deps.signal().aborted) await report('UploadFailure', requestId)
    } finally {
      if (running?.requestId === requestId) running = null
    }
  }

  function getLog({ logType, requestId, log }: Payload): Answer {
    const type = logTypes.find((one) => one === logType)
    const location: unknown =
      typeof log === 'object' && log !== null ? Reflect.get(log, 'remoteLocation') : null
    if (type === undefined || !Number.isInteger(requestId) || typeof location !== 'string') {
      return { kind: 'error', code: 'PropertyConstraintViolation', description: 'GetLog cannot be used' }
    }
    const { getLog: fault } = deps.behaviour()
    switch (fault) {
      case 'refuse':
        return { kind: 'result', payload: { status: 'Rejected' } }
      case 'not-supported':
        return { kind: 'error', code: 'NotImplemented', description: 'GetLog is not known here' }
      case 'error':
        return { kind: 'error', code: 'InternalError', description: 'the charge point failed' }
      case 'silent':
        return { kind: 'none' }
      default: {
        const stamp = deps.now().toISOString().replaceAll(/[:.]/g, '-')
        const filename = `${type}-${stamp}.log`
        // N01.FR.11: the upload that is under way is given up.
        const status = running === null ? 'Accepted' : 'AcceptedCanceled'
        const afterwards = (): void =>
          deps.inBackground(() => run(requestId as number, type, location, filename))
        return { kind: 'result', payload: { status, filename }, afterwards }
      }
    }
  }

  return {
    table: Object.freeze({ GetLog: getLog } satisfies CommandTable),
    status: () =>
      running === null ? { status: 'Idle' } : { status: 'Uploading', requestId: running.requestId },
    resume() {
      for (const payload of unsent.splice(0)) {
        deps.inBackground(() => deps.call('LogStatusNotification', payload))
      }
    },
  }
}
