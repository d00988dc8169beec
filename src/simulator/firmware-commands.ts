import type { X509Certificate } from 'node:crypto'
import type { Payload } from '../ocpp/message.ts'
import { parseCertificate, splitPem } from '../pki/certificate.ts'
import { buildChain } from '../pki/chain.ts'
import { exchange } from '../pki/exchange.ts'
import { createImageCheck } from '../pki/firmware-signature.ts'
import type { SignedStatus } from '../policy/firmware.ts'
import { checkSigningCertificate } from '../policy/firmware-certificate.ts'
import { pause } from './backoff.ts'
import type { CommandHandler, CommandTable } from './commands.ts'
import type { Answer, CallOutcome } from './endpoint.ts'

/** How a charge point takes SignedUpdateFirmware (L01). */
export const firmwareFaults = {
  obey: 'As the standard says: certificate and signature are verified.',
  Rejected: 'Answers Rejected.',
  InvalidCertificate: 'Answers InvalidCertificate, however good it is.',
  RevokedCertificate: 'Answers RevokedCertificate, however good it is.',
  InvalidSignature: 'Reports InvalidSignature, however good it is.',
  slow: 'Pauses before it reports the end of the download; a newer request is taken in its place (L01.FR.26).',
  'not-cancelable': 'As slow, and a newer request is Rejected meanwhile (L01.FR.27).',
  reboot: 'Restarts before it reports Installed: InstallRebooting, another connection, BootNotification.',
  mute: 'Takes it, and reports nothing.',
} as const
export type FirmwareFault = keyof typeof firmwareFaults

/** A charge point that updates its firmware; without these settings it has no files, and says DownloadFailed. */
export interface FirmwareSettings {
  /** PEM: ManufacturerRootCertificates; null: it has no L01, and takes plain updates without a proof. */
  readonly trust: string | null
  /** PEM: authorities of file servers with https; Node's own when left out. */
  readonly ca?: string
  readonly fault?: FirmwareFault
  /** Milliseconds that `slow` pauses; 5 s when left out. */
  readonly pauseMs?: number
}

export interface FirmwareCommandDeps {
  readonly settings: FirmwareSettings | null
  readonly call: (action: string, payload: Payload) => Promise<CallOutcome>
  readonly inBackground: (work: () => Promise<unknown>) => void
  readonly raise: (event: string, techInfo?: string) => void
  readonly note: (detail: string) => void
  /** Forgets that it was booted. */
  readonly restart: () => void
  /** Ends the connection, comes back, and boots where it has to. */
  readonly reconnect: (reason: string) => Promise<void>
  /** ExtendedTriggerMessage for anything but firmware. */
  readonly otherTrigger: CommandHandler | undefined
  readonly now: () => number
  /** Ended with the charge point. */
  readonly signal: () => AbortSignal
}

const downloadTimeoutMs = 600_000
const maxImageBytes = 1024 * 1024 * 1024

/** UpdateFirmware or SignedUpdateFirmware as a table of commands; an empty one without settings. */
export function firmwareCommands(deps: FirmwareCommandDeps): CommandTable {
  const { settings } = deps
  if (settings === null) return {}
  const { trust } = settings
  return trust === null ? plainCommands(deps, settings) : signedCommands(deps, settings, trust)
}

/** OCPP 1.6, 6.49: whatever comes is installed. */
function plainCommands(deps: FirmwareCommandDeps, settings: FirmwareSettings): CommandTable {
  const report = (status: string) => tell(deps, 'FirmwareStatusNotification', { status })
  async function update(location: string): Promise<void> {
    if (settings.fault === 'mute') return
    await report('Downloading')
    try {
      await download(location, settings, deps.signal(), () => {})
    } catch {
      return report('DownloadFailed')
    }
    for (const status of ['Downloaded', 'Installing', 'Installed']) await report(status)
  }
  return Object.freeze({
    UpdateFirmware: ({ location }) => ({
      kind: 'result',
      payload: {},
      afterwards: () => deps.inBackground(() => update(String(location))),
    }),
  } satisfies CommandTable)
}

/** L01. */
function signedCommands(deps: FirmwareCommandDeps, settings: FirmwareSettings, trust: string): CommandTable {
  const { fault = 'obey' } = settings
  /** What runs, and what it reported last (L01.FR.28, 29). */
  let running: { readonly requestId: number; readonly end: AbortController } | null = null
  let last: { readonly status: SignedStatus; readonly requestId: number } | null = null

  /** L01.FR.01: each status is told; one that finds no connection waits for the next. */
  async function report(status: SignedStatus, requestId: number): Promise<void> {
    last = { status, requestId }
    await tell(deps, 'SignedFirmwareStatusNotification', { status, requestId })
  }

  async function update(request: Request): Promise<void> {
    const { requestId } = request
    const end = new AbortController()
    // L01.FR.26: the one that is under way is given up.
    running?.end.abort()
    running = { requestId, end }
    try {
      if (fault !== 'mute') await run(request, AbortSignal.any([end.signal, deps.signal()]))
    } finally {
      if (running?.requestId === requestId) running = null
    }
  }

  async function run(request: Request, signal: AbortSignal): Promise<void> {
    const { requestId, certificate, signature, location, retrieveAt, installAt } = request
    await until(retrieveAt, 'DownloadScheduled', requestId, signal)
    if (signal.aborted) return
    await report('Downloading', requestId)
    const check = createImageCheck(certificate, signature)
    try {
      await download(location, settings, signal, (chunk) => check.update(chunk))
    } catch {
      if (!signal.aborted) await report('DownloadFailed', requestId)
      return
    }
    if (signal.aborted) return
    await report('Downloaded', requestId)
    if (!check.end().isSigned || fault === 'InvalidSignature') {
      await report('InvalidSignature', requestId)
      deps.raise('InvalidFirmwareSignature')
      return
    }
    await report('SignatureVerified', requestId)
    await until(installAt, 'InstallScheduled', requestId, signal)
    if (signal.aborted) return
    await report('Installing', requestId)
    if (fault === 'reboot') {
      await report('InstallRebooting', requestId)
      deps.restart()
      await deps.reconnect('FirmwareUpdate')
    }
    await report('Installed', requestId)
    deps.raise('FirmwareUpdated')
  }

  /** L01.FR.13, FR.16: what is asked for later waits, and says so. */
  async function until(at: number, status: SignedStatus, requestId: number, signal: AbortSignal) {
    const left = at - deps.now()
    if (!(left > 0)) return
    await report(status, requestId)
    // A timer takes no more than this: who asks for a later time sees a charge point that is early.
    await pause(Math.min(left, 2_147_483_647), signal)
  }

  return Object.freeze({
    // L01.FR.20: it does nothing.
    UpdateFirmware: () => ({ kind: 'error', code: 'NotSupported', description: 'signed updates only' }),
    SignedUpdateFirmware: (payload) => {
      const request = readRequest(payload)
      if (request === null)
        return { kind: 'error', code: 'PropertyConstraintViolation', description: 'it cannot be used' }
      if (fault === 'Rejected' || (fault === 'not-cancelable' && running !== null)) return answer('Rejected')
      const isCertificateFault = fault === 'InvalidCertificate' || fault === 'RevokedCertificate'
      if (isCertificateFault || !isTrusted(request.certificates, trust, deps.now())) {
        deps.raise('InvalidFirmwareSigningCertificate')
        return answer(isCertificateFault ? fault : 'InvalidCertificate')
      }
      const status = running === null ? 'Accepted' : 'AcceptedCanceled'
      return answer(status, () => deps.inBackground(() => update(request)))
    },
    ExtendedTriggerMessage: (payload, target) => {
      if (payload.requestedMessage !== 'FirmwareStatusNotification')
        return deps.otherTrigger?.(payload, target) ?? answer('NotImplemented')
      const shown = last === null || last.status === 'Installed' ? { status: 'Idle' } : last
      return answer('Accepted', () =>
        deps.inBackground(() => deps.call('SignedFirmwareStatusNotification', shown)),
      )
    },
  } satisfies CommandTable)
}

const againMs = 500

/** Ends when it is answered, or the charge point ends. */
async function tell(
  { call, note, signal }: FirmwareCommandDeps,
  action: string,
  payload: Payload,
): Promise<void> {
  for (;;) {
    const { kind } = await call(action, payload)
    if (kind === 'result' || signal().aborted) return
    note(`${action} ${payload.status} was not confirmed`)
    if (kind !== 'closed') return
    await pause(againMs, signal())
  }
}

interface Request {
  readonly requestId: number
  readonly location: string
  readonly signature: Buffer
  readonly certificate: X509Certificate
  readonly certificates: readonly X509Certificate[]
  /** Milliseconds since the epoch; NaN: now. */
  readonly retrieveAt: number
  readonly installAt: number
}

function readRequest({ requestId, firmware }: Payload): Request | null {
  if (typeof requestId !== 'number' || typeof firmware !== 'object' || firmware === null) return null
  const { location, signature, signingCertificate, retrieveDateTime, installDateTime } = firmware as Record<
    string,
    unknown
  >
  if (typeof location !== 'string' || typeof signature !== 'string') return null
  if (typeof signingCertificate !== 'string') return null
  try {
    const certificates = splitPem(signingCertificate).map((block) => parseCertificate(block))
    const [certificate] = certificates
    if (certificate === undefined) return null
    return {
      ...{ requestId, location, certificate, certificates },
      signature: Buffer.from(signature, 'base64'),
      retrieveAt: Date.parse(String(retrieveDateTime)),
      installAt: Date.parse(String(installDateTime)),
    }
  } catch {
    return null
  }
}

/** L01.FR.23: before it is accepted. */
function isTrusted([leaf, ...rest]: readonly X509Certificate[], trust: string, now: number): boolean {
  if (leaf === undefined) return false
  try {
    const roots = splitPem(trust).map((block) => parseCertificate(block))
    const chain = buildChain(leaf, rest, { cpo: roots, factory: [] }, now)
    return checkSigningCertificate(chain, now).length === 0
  } catch {
    return false
  }
}

/** Throws what socket, status and signal throw. */
async function download(
  location: string,
  { ca, fault, pauseMs = 5_000 }: FirmwareSettings,
  signal: AbortSignal,
  sink: (chunk: Buffer) => void,
): Promise<void> {
  const { status } = await exchange({
    url: new URL(location),
    method: 'GET',
    headers: {},
    body: null,
    ...(ca === undefined ? {} : { connection: { ca } }),
    maxBytes: maxImageBytes,
    readsBody: (code) => code === 200,
    sink,
    signal: AbortSignal.any([signal, AbortSignal.timeout(downloadTimeoutMs)]),
  })
  if (status !== 200) throw new Error(`status ${status}`)
  if (fault === 'slow' || fault === 'not-cancelable') await pause(pauseMs, signal)
}

function answer(status: string, afterwards: () => void = () => {}): Answer {
  return { kind: 'result', payload: { status }, afterwards }
}
