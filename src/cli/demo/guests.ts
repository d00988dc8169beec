import { privateKeyPem } from '../../pki/keys.ts'
import type { Credentials } from '../../pki/profiles.ts'
import { type ChargePoint, type ChargePointOptions, createChargePoint } from '../../simulator/charge-point.ts'
import type { ClientTlsOptions } from '../../simulator/tls-options.ts'
import { type DemoChargePoint, quickstartChargePoints } from './charge-points.ts'
import type { SiteName } from './configuration.ts'
import type { World } from './world.ts'

/** Everybody who is registered in the demo. */
export const guestChargePoints: readonly DemoChargePoint[] = [
  ...quickstartChargePoints,
  { identity: 'CP-GUESSED', profile: 2 },
  { identity: 'CP-BLOCKED', profile: 2, blocked: true },
  { identity: 'CP-SHARED', profile: 3, serialNumber: 'SN-0004' },
  { identity: 'CP-TWIN', profile: 1 },
  { identity: 'CP-STRANGER', profile: 1 },
  { identity: 'CP-WAITING', profile: 1 },
  { identity: 'CP-SEALED', profile: 1, sealedElsewhere: true },
  { identity: 'CP-PATIENT', profile: 1 },
  { identity: 'CP-A', profile: 1 },
  { identity: 'CP-B', profile: 1 },
  { identity: 'CP-C', profile: 1 },
]

export interface GuestOptions extends Partial<Omit<ChargePointOptions, 'identity' | 'tls'>> {
  readonly site?: SiteName
  readonly listener?: string
  readonly tls?: ClientTlsOptions
  /** Certificate of the development PKI, or any other one, for profile 3. */
  readonly shows?: string | Credentials
}

const listenerOf = { 0: 'basic-auth', 1: 'basic-auth', 2: 'basic-auth-tls', 3: 'mutual-tls' } as const

/** A simulated charge point that would connect honestly, but for what `options` change. */
export async function guest(
  world: World,
  identity: string,
  options: GuestOptions = {},
): Promise<ChargePoint> {
  const { site = 'main', shows, tls, listener, ...rest } = options
  const registered = guestChargePoints.find((one) => one.identity === identity)
  const securityProfile = options.securityProfile ?? registered?.profile ?? 2
  const port = world.sites[site].proxy.port(listener ?? listenerOf[securityProfile])
  const key = world.passwords.get(identity)
  return createChargePoint({
    identity,
    securityProfile,
    url: `${securityProfile >= 2 ? 'wss' : 'ws'}://127.0.0.1:${port}/ocpp`,
    ...(key === undefined ? {} : { password: { bytes: key, form: 'raw' } }),
    tls: {
      ca: await world.file('cpo-root.pem'),
      ...(shows === undefined ? {} : await certificateOf(world, shows)),
      ...tls,
    },
    model: { ...(registered?.serialNumber === undefined ? {} : { serialNumber: registered.serialNumber }) },
    callTimeoutMs: 5_000,
    handshakeTimeoutMs: 8_000,
    resume: false,
    ...rest,
  })
}

async function certificateOf(world: World, shows: string | Credentials): Promise<ClientTlsOptions> {
  const { certificate, privateKey } = typeof shows === 'string' ? await world.credentials(shows) : shows
  return { certificate: certificate.toString(), key: privateKeyPem(privateKey) }
}
