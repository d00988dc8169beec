import type { SecureContext } from 'node:tls'
import { ProxyError } from '../policy/error.ts'
import type { SecurityProfile } from '../policy/facts.ts'
import { basicAuthorization, keyFromHex, type Password } from './credentials.ts'
import type { DialOptions } from './dial.ts'
import { createFallback, type FallbackRule } from './fallback.ts'
import { createOwnCertificates, type OwnCertificate, type OwnCertificates } from './own-certificates.ts'
import { createRootStore, type RootSettings, type RootStore } from './root-store.ts'
import { decideProfileChange, type ProfileDecision, type ProfileMeans } from './security-settings.ts'
import { type ClientTlsOptions, createClientContext } from './tls-options.ts'

export interface SecuritySettings {
  /** Without the identity: ws://… or wss://… */
  readonly url: string
  /** Addresses of other profiles; `url` where the scheme fits when absent. */
  readonly profileUrls?: Partial<Record<SecurityProfile, string>>
  readonly identity: string
  readonly securityProfile: SecurityProfile
  readonly password?: Password
  /** User name of Basic authentication; the identity unless a test wants another (A00.FR.204). */
  readonly username?: string
  readonly tls?: ClientTlsOptions
  /** Beside `tls.ca`, which are the roots for servers that it leaves the factory with. */
  readonly roots?: Omit<RootSettings, 'centralSystem'>
  /** Made by `createClientContext`, to share it among a fleet with the same TLS options. */
  readonly tlsContext?: SecureContext
  readonly subprotocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  /** Offers the last ticket when connecting again. */
  readonly resume?: boolean
  readonly handshakeTimeoutMs?: number
  readonly fallback?: FallbackRule
  /** Told of each certificate that it is to use from then on: for who keeps it over a restart. */
  readonly onCertificate?: (own: OwnCertificate) => void
  /** Told of each new password that it takes: for who keeps it over a restart. */
  readonly onPassword?: (key: Uint8Array) => void
}

/** Profile, password and tickets of a charge point, and what follows from them for the next connection. */
export interface ChargePointSecurity {
  readonly profile: SecurityProfile
  readonly roots: RootStore
  readonly own: OwnCertificates
  /** The last ticket that the server gave. */
  readonly session: Buffer | null
  /** TLS 1.2 or above is among what it offers (A00.FR.312). */
  readonly offersModernTls: boolean
  nextDial(signal: AbortSignal): Omit<DialOptions, 'onOpen'>
  decideProfile(value: string): ProfileDecision
  /** What it has in store for a profile. */
  meansOf(profile: SecurityProfile): ProfileMeans
  /**
   * The next connection uses `profile`; the present one stays in memory for a fallback (A05.FR.08). `at`: of
   * a network profile (OCPP 2.0.1, B09); left out: the address that belongs to the security profile.
   */
  enterProfile(profile: SecurityProfile, at?: string): void
  /** It is on its way to another network profile, which has not worked yet (OCPP 2.0.1, B10). */
  readonly isMigrating: boolean
  /** The profile works: there is no way back. */
  confirmProfile(): void
  /** A connection failed: back to the profile before, if there is one and it is time. */
  fallBack(): boolean
  /** null: not 16 to 20 bytes in hex (A00.FR.205). */
  readKey(hex: string): Uint8Array | null
  takeKey(key: Uint8Array): void
  /** Remembers what is to be taken at the next reset (RebootRequired); a later one comes after it. */
  stage(take: () => void): void
  takeStaged(): void
}

interface Way {
  readonly profile: SecurityProfile
  readonly address: string | null
}

/** Changes that wait for a reset; the oldest are forgotten. */
const maxStaged = 16

/** `now` in milliseconds, for the fallback. */
export function createSecurity(
  settings: SecuritySettings,
  now: () => number = () => performance.now(),
): ChargePointSecurity {
  const { identity, tls = {} } = settings
  let profile = settings.securityProfile
  const fallback = createFallback<Way>(settings.fallback ?? {}, now)
  /** Of the network profile in use. */
  let address: string | null = null
  const staged: (() => void)[] = []
  let password = settings.password ?? null
  let session = tls.session ?? null
  let context: SecureContext | null = settings.tlsContext ?? null
  const forgetTls = (): void => {
    context = null
    // A resumed session would not verify the server again.
    session = null
  }
  const roots = createRootStore({ ...settings.roots, centralSystem: tls.ca }, forgetTls, Date.now)

  const { certificate, key } = tls
  const first = certificate === undefined || key === undefined ? null : { certificate, key }
  const own = createOwnCertificates(first, (present) => {
    forgetTls()
    settings.onCertificate?.(present)
  })

  function urlOf(wanted: SecurityProfile): string | null {
    const own = settings.profileUrls?.[wanted]
    if (own !== undefined) return own
    const secure = settings.url.startsWith('wss:')
    return wanted >= 2 === secure || wanted === settings.securityProfile ? settings.url : null
  }

  function headers(): Record<string, string> {
    const basic = password !== null && (profile === 1 || profile === 2)
    const username = settings.username ?? identity
    return {
      ...(basic && password !== null ? { Authorization: basicAuthorization(username, password) } : {}),
      ...settings.headers,
    }
  }

  function meansOf(wanted: SecurityProfile): ProfileMeans {
    return {
      password: password !== null,
      roots: roots.hasCentralSystemRoot,
      certificate: own.current() !== null,
      address: urlOf(wanted) !== null,
    }
  }

  function change(next: Way): void {
    profile = next.profile
    address = next.address
    // Another profile shows another certificate, or none: neither context nor ticket fits any longer.
    forgetTls()
  }

  return {
    roots,
    own,
    get profile() {
      return profile
    },
    get session() {
      return session
    },
    offersModernTls: tls.maxVersion !== 'TLSv1' && tls.maxVersion !== 'TLSv1.1',
    nextDial(signal) {
      const base = address ?? urlOf(profile)
      if (base === null) throw new ProxyError('url_invalid', 'operator', `no URL for profile ${profile}`)
      const secure = base.startsWith('wss:')
      if (secure)
        context ??= createClientContext(
          { ...trusting(tls, roots.trusted()), ...own.current() },
          profile === 3,
        )
      const offered = settings.resume === false ? undefined : (session ?? undefined)
      return {
        url: `${base.replace(/\/+$/, '')}/${encodeURIComponent(identity)}`,
        headers: headers(),
        subprotocols: settings.subprotocols ?? ['ocpp1.6'],
        context: secure ? context : null,
        servername: tls.servername,
        mustAskForCertificate: profile === 3,
        session: offered,
        onSession: (ticket) => {
          session = ticket
        },
        timeoutMs: settings.handshakeTimeoutMs ?? 10_000,
        signal,
      }
    },
    decideProfile: (value) => decideProfileChange(profile, value, meansOf),
    meansOf,
    enterProfile(next, at) {
      fallback.begin({ profile, address })
      change({ profile: next, address: at ?? null })
    },
    get isMigrating() {
      return fallback.isOpen && address !== null
    },
    confirmProfile: () => fallback.confirm(),
    fallBack() {
      const back = fallback.failed()
      if (back === null) return false
      change(back)
      return true
    },
    readKey: keyFromHex,
    takeKey(bytes) {
      const form = password?.form ?? 'raw'
      password = { bytes, form: form === 'text' ? 'raw' : form }
      settings.onPassword?.(bytes)
    },
    stage(take) {
      if (staged.length >= maxStaged) staged.shift()
      staged.push(take)
    },
    takeStaged() {
      for (const take of staged.splice(0)) take()
    },
  }
}

function trusting(
  { ca: _ca, ...tls }: ClientTlsOptions,
  ca: ClientTlsOptions['ca'] | undefined,
): ClientTlsOptions {
  return ca === undefined ? tls : { ...tls, ca }
}
