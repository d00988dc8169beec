/**
 * Signed firmware (L01) as far as it can be decided without asking anybody: statuses, locations, and the
 * rules for what is handed on to a charge point (A00.FR.706).
 */

/** SignedFirmwareStatusNotification (white paper, FirmwareStatusEnumType). */
export const signedStatuses = [
  'Downloaded',
  'DownloadFailed',
  'Downloading',
  'DownloadScheduled',
  'DownloadPaused',
  'Idle',
  'InstallationFailed',
  'Installing',
  'Installed',
  'InstallRebooting',
  'InstallScheduled',
  'InstallVerificationFailed',
  'InvalidSignature',
  'SignatureVerified',
] as const
export type SignedStatus = (typeof signedStatuses)[number]

/** FirmwareStatusNotification (OCPP 1.6, 7.25): all that a central system of the core knows. */
export type CoreFirmwareStatus =
  | 'Downloaded'
  | 'DownloadFailed'
  | 'Downloading'
  | 'Idle'
  | 'InstallationFailed'
  | 'Installing'
  | 'Installed'

const coreStatuses: Readonly<Record<SignedStatus, CoreFirmwareStatus>> = {
  DownloadScheduled: 'Downloading',
  DownloadPaused: 'Downloading',
  Downloading: 'Downloading',
  Downloaded: 'Downloaded',
  SignatureVerified: 'Downloaded',
  InstallScheduled: 'Downloaded',
  Installing: 'Installing',
  InstallRebooting: 'Installing',
  Installed: 'Installed',
  DownloadFailed: 'DownloadFailed',
  InstallationFailed: 'InstallationFailed',
  InstallVerificationFailed: 'InstallationFailed',
  InvalidSignature: 'InstallationFailed',
  Idle: 'Idle',
}

/** What the central system reads in its place (L01.FR.20). */
export function coreStatusOf(status: SignedStatus): CoreFirmwareStatus {
  return coreStatuses[status]
}

/** `value` as a status; null: it is none. */
export function readSignedStatus(value: unknown): SignedStatus | null {
  return signedStatuses.find((status) => status === value) ?? null
}

/** How an update has ended; null: it goes on, or nobody can say. */
export function endOf(status: SignedStatus): 'installed' | 'failed' | null {
  switch (status) {
    case 'Installed':
      return 'installed'
    case 'DownloadFailed':
    case 'InstallationFailed':
    case 'InstallVerificationFailed':
    case 'InvalidSignature':
      return 'failed'
    default:
      return null
  }
}

/** firmware.location of SignedUpdateFirmware. */
export const maxLocation = 512
/** firmware.signature: base64. */
export const maxSignature = 800
/** firmware.signingCertificate: PEM. */
export const maxSigningCertificate = 5500
/** Of an entry: certificates of a path, with room for their comments. */
export const maxCertificatesText = 65_536
/** Statuses of one charge point that wait for the central system; the oldest go first. */
export const maxUntold = 16
/** Of an entry of the catalogue: it stands in URLs of the API. */
export const firmwareNamePattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

/** Is it a name for an entry of the catalogue? */
export function isFirmwareName(text: string): boolean {
  return new RegExp(firmwareNamePattern).test(text)
}

/**
 * What is wrong with the location of an entry; null: nothing. `*` stands for any characters but a slash,
 * and only behind the host: whoever may choose the host chooses where the proxy connects to (CWE-918).
 */
export function locationProblem(pattern: string): string | null {
  if (pattern.length > maxLocation) return `it has more than ${maxLocation} characters`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may stand in a URL
  if (/[\u0000-\u0020\u007f]/.test(pattern)) return 'it holds blanks or control characters'
  const url = URL.parse(pattern)
  if (url === null || !/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(pattern)) return 'it is no URL'
  const [, authority = ''] = /^[^:]+:\/\/([^/?#]*)/.exec(pattern) ?? []
  if (authority.includes('*')) return 'the host must be named: * may stand behind it only'
  // A password in a location goes to every charge point, and into the logs of everybody.
  if (authority.includes('@')) return 'it holds a user name or password'
  return (pattern.match(/\*/g) ?? []).length > 8 ? 'it has more than 8 *' : null
}

/** Does the pattern name this very location? Linear in both, whatever they hold. */
export function matchesLocation(pattern: string, location: string): boolean {
  if (location.length > maxLocation) return false
  const parts = pattern.split('*')
  const [first = '', ...rest] = parts
  if (rest.length === 0) return pattern === location
  if (!location.startsWith(first)) return false
  let at = first.length
  for (const [index, part] of rest.entries()) {
    const isLast = index === rest.length - 1
    // The last part must stand at the end, and nothing in between may leave the folder.
    const found = isLast
      ? location.length - part.length >= at && location.endsWith(part)
        ? location.length - part.length
        : -1
      : location.indexOf(part, at)
    if (found < 0 || location.slice(at, found).includes('/')) return false
    at = found + part.length
  }
  return true
}

/** Of several entries that fit, the one that says most of the location: exact ones come first; of equals the newest. */
export function bestMatch<Entry extends { readonly location: string; readonly addedAt: number }>(
  entries: Iterable<Entry>,
  location: string,
): Entry | null {
  let best: Entry | null = null
  const weight = ({ location: pattern }: Entry) =>
    pattern.includes('*') ? pattern.length : Number.POSITIVE_INFINITY
  for (const entry of entries) {
    if (!matchesLocation(entry.location, location)) continue
    const isBetter =
      best === null ||
      weight(entry) > weight(best) ||
      (weight(entry) === weight(best) && entry.addedAt > best.addedAt)
    if (isBetter) best = entry
  }
  return best
}

/** Can the proxy fetch it? White paper L01 names http, https and ftp; ftp is not supported here. */
export function isFetchable(location: string): boolean {
  return /^https?:\/\//i.test(location)
}
