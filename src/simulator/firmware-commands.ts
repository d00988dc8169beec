import type { X509Certificate } from 'node:crypto'
import type { Payload } from '../ocpp/message.ts'
import { parseCertificate, splitPem } from '../pki/certificate.ts'
import { buildChain } from '../pki/chain.ts'
import { exchange } from '../pki/exchange.ts'
import { createImageCheck } from '../pki/firmware-signature.ts'
import type { SignedStatus } from '../policy/firmware.ts'
import { checkSigningCertificate } from '../policy/firmware-certificate.ts'
import type { CommandHandler, CommandTable } from './commands.ts'
import type { Answer, CallOutcome } from './endpoint.ts'

/** How a charge point takes SignedUpdateFirmware (L01). */
export const firmwareFaults = {
  obey: 'As the standard says: certificate and signature are verified.',
  Rejected: 'Answers Rejected.',
  InvalidCertificate: 'Answers InvalidCertificate, however good it is.',
  RevokedCertificate: 'Answers RevokedCertificate, however good it is.',
  InvalidSignature: 'Reports InvalidSignature, however good it is.',
} as const
export type FirmwareFault = keyof typeof firmwareFaults

/** A charge point with L01; without these settings it knows the plain UpdateFirmware only. */
export interface FirmwareSettings {
  /** PEM: ManufacturerRootCertificates. */
  readonly trust: string
  /** PEM: authorities of file servers with https; Node's own when left out. */
  readonly ca?: string
  readonly fault?: FirmwareFault
}

export interface FirmwareCommandDeps {
  readonly settings: FirmwareSettings | null
  readonly call: (action: string, payload: Payload) => Promise<CallOutcome>
  readonly inBackground: (work: () => Promise<unknown>) => void
  readonly raise: (event: string, techInfo?: string) => void
  readonly note: (detail: string) => void
  /** ExtendedTriggerMessage for anything but firmware. */
  readonly otherTrigger: CommandHandler | undefined
  readonly now: () => number
}

const downloadTimeoutMs = 600_000
const maxImageBytes = 1024 * 1024 * 1024

/** SignedUpdateFirmware as a table of commands; an empty one for a charge point without L01. */
export function firmwareCommands(deps: FirmwareCommandDeps): CommandTable {
  const { settings } = deps
  if (settings === null) return {}
  /** The request that came last (L01.FR.26), and what it reported last (L01.FR.28, 29). */
  let latest = 0
  let last: { readonly status: SignedStatus; readonly requestId: number } | null = null

  async function report(status: SignedStatus, requestId: number): Promise<void> {
    last = { status, requestId }
    const outcome = await deps.call('SignedFirmwareStatusNotification', { status, requestId })
    if (outcome.kind !== 'result') deps.note(`${status} was not confirmed`)
  }

  async function update(request: Request): Promise<void> {
    const { requestId, certificate, signature, location } = request
    const isObsolete = (): boolean => latest !== requestId
    await report('Downloading', requestId)
    const check = createImageCheck(certificate, signature)
    try {
      await download(location, settings?.ca, (chunk) => check.update(chunk))
    } catch {
      if (!isObsolete()) await report('DownloadFailed', requestId)
      return
    }
    if (isObsolete()) return
    await report('Downloaded', requestId)
    if (!check.end().isSigned || settings?.fault === 'InvalidSignature') {
      await report('InvalidSignature', requestId)
      deps.raise('InvalidFirmwareSignature')
      return
    }
    for (const status of ['SignatureVerified', 'Installing', 'Installed'] as const) {
      if (isObsolete()) return
      await report(status, requestId)
    }
    deps.raise('FirmwareUpdated')
  }

  return Object.freeze({
    // L01.FR.20: it does nothing.
    UpdateFirmware: () => ({ kind: 'error', code: 'NotSupported', description: 'signed updates only' }),
    SignedUpdateFirmware: (payload) => {
      const request = readRequest(payload)
      if (request === null)
        return { kind: 'error', code: 'PropertyConstraintViolation', description: 'it cannot be used' }
      const { fault = 'obey', trust } = settings
      if (fault === 'Rejected') return answer('Rejected')
      const isCertificateFault = fault === 'InvalidCertificate' || fault === 'RevokedCertificate'
      if (isCertificateFault || !isTrusted(request.certificates, trust, deps.now())) {
        deps.raise('InvalidFirmwareSigningCertificate')
        return answer(isCertificateFault ? fault : 'InvalidCertificate')
      }
      latest = request.requestId
      return answer('Accepted', () => deps.inBackground(() => update(request)))
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

interface Request {
  readonly requestId: number
  readonly location: string
  readonly signature: Buffer
  readonly certificate: X509Certificate
  readonly certificates: readonly X509Certificate[]
}

function readRequest({ requestId, firmware }: Payload): Request | null {
  if (typeof requestId !== 'number' || typeof firmware !== 'object' || firmware === null) return null
  const { location, signature, signingCertificate } = firmware as Record<string, unknown>
  if (typeof location !== 'string' || typeof signature !== 'string') return null
  if (typeof signingCertificate !== 'string') return null
  try {
    const certificates = splitPem(signingCertificate).map((block) => parseCertificate(block))
    const [certificate] = certificates
    if (certificate === undefined) return null
    return { requestId, location, signature: Buffer.from(signature, 'base64'), certificate, certificates }
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

async function download(
  location: string,
  ca: string | undefined,
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
    signal: AbortSignal.timeout(downloadTimeoutMs),
  })
  if (status !== 200) throw new Error(`status ${status}`)
}

function answer(status: string, afterwards: () => void = () => {}): Answer {
  return { kind: 'result', payload: { status }, afterwards }
}
