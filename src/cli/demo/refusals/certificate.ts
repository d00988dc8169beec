import { createPublicKey } from 'node:crypto'
import { privateKeyPem } from '../../../pki/keys.ts'
import { type Credentials, issueChargePoint } from '../../../pki/profiles.ts'
import { issueWrongCertificate, type WrongCertificateKind } from '../../../pki/wrong-certificates.ts'
import { guest } from '../guests.ts'
import type { Attempt, RefusalCase } from '../refusal-case.ts'
import { revokedSerialNumber } from '../revocation-lists.ts'
import { refusalSeen } from '../seen.ts'
import { organization, type World } from '../world.ts'

/** OpenSSL would not even load what is too weak, here on the side of the charge point. */
const anyStrength = { ciphers: 'DEFAULT:@SECLEVEL=0' }

async function showing(world: World, identity: string, shows: Credentials | string | undefined) {
  const client = await guest(world, identity, {
    ...(shows === undefined ? {} : { shows }),
    tls: anyStrength,
  })
  return refusalSeen(() => client.connect())
}

/** CP-3 with a certificate that is right for it in all but one way. */
function wrong(kind: WrongCertificateKind, who: string) {
  return {
    who,
    site: 'main',
    async attempt({ world }: Attempt) {
      const root = await world.credentials('cpo-root-ecdsa')
      const victim = { root, organization, serialNumber: 'SN-0001' }
      return showing(world, 'CP-3', await issueWrongCertificate(kind, victim, Date.now()))
    },
  } as const
}

/** CP-3 with a certificate of an authority below the root, whose CRL proves nothing. */
function below(authority: string, who: string) {
  return {
    who,
    site: 'main',
    async attempt({ world }: Attempt) {
      const issuer = await world.credentials(authority)
      const issued = await issueChargePoint(issuer, 'SN-0001', organization, honest())
      const client = await guest(world, 'CP-3', {
        tls: {
          certificate: `${issued.certificate.toString()}${issuer.certificate.toString()}`,
          key: privateKeyPem(issued.privateKey),
        },
      })
      return refusalSeen(() => client.connect())
    },
  } as const
}

const honest = () => ({ keys: { type: 'ec', curve: 'P-256' }, now: Date.now(), days: 3 }) as const

export const certificateRefusals = {
  client_cert_missing: {
    who: 'CP-3, without a certificate',
    site: 'main',
    attempt: ({ world }) => showing(world, 'CP-3', undefined),
  },
  client_cert_untrusted: wrong('client_cert_untrusted', 'CP-3, certificate of a strange root'),
  client_cert_expired: wrong('client_cert_expired', 'CP-3, certificate that expired'),
  client_cert_not_yet_valid: wrong('client_cert_not_yet_valid', 'CP-3, certificate for next week'),
  client_cert_revoked: {
    who: 'CP-3, certificate that the root has revoked',
    site: 'main',
    async attempt({ world }) {
      const root = await world.credentials('cpo-root-ecdsa')
      const overrides = { serialNumber: revokedSerialNumber }
      const issued = await issueChargePoint(root, 'SN-0001', organization, { ...honest(), overrides })
      return showing(world, 'CP-3', issued)
    },
  },
  revocation_unknown: below('lost-authority', 'CP-3, the CRL is by a stranger'),
  crl_stale: below('late-authority', 'CP-3, the CRL is of yesterday'),
  client_cert_weak_key: wrong('client_cert_weak_key', 'CP-3, RSA key of 1024 bits'),
  client_cert_weak_signature: wrong('client_cert_weak_signature', 'CP-3, certificate signed with SHA-1'),
  client_cert_no_serial: wrong('client_cert_no_serial', 'CP-3, certificate with serial number 0'),
  client_cert_key_usage: wrong('client_cert_key_usage', 'CP-3, certificate that must not sign'),
  client_cert_organization: wrong('client_cert_organization', 'CP-3, O = Example CPO Two'),
  client_cert_common_name: {
    who: 'CP-4 as CP-3, with its own certificate',
    site: 'main',
    attempt: ({ world }) => showing(world, 'CP-3', 'cp-rsa'),
  },
  client_cert_common_name_form: wrong('client_cert_common_name_form', 'CP-3, a host name as CN'),
  client_cert_shared: {
    who: 'CP-SHARED, with the key of CP-3',
    site: 'main',
    async attempt({ world, ready }) {
      const root = await world.credentials('cpo-root-ecdsa')
      const { privateKey } = await world.credentials('cp-ecdsa')
      const owner = await guest(world, 'CP-3', { shows: 'cp-ecdsa' })
      await owner.connect()
      await owner.close()
      await ready()
      const keys = { privateKey, publicKey: createPublicKey(privateKey) }
      const copy = await issueChargePoint(root, 'SN-0004', organization, { keys, now: Date.now(), days: 30 })
      return showing(world, 'CP-SHARED', copy)
    },
  },
} as const satisfies Record<string, RefusalCase>
