import { Type } from 'typebox'
import { protocols } from '../../policy/protocol.ts'
import { cipherNames } from './ciphers.ts'
import { about, address, choice, file, flag, network, url } from './kinds.ts'
import { revocationSchema } from './revocation.ts'
import { routesSchema } from './routes.ts'
import { serverCertificate } from './server-certificate.ts'

/** One section of the configuration: a place where charge points connect. */

const clientCertificates = Type.Object(
  {
    trust: Type.Array(file({ description: 'PEM file.' }), {
      minItems: 1,
      maxItems: 64,
      ...about({
        description: 'PEM files of the roots that charge point certificates end in.',
        requirements: ['A00.FR.403'],
      }),
    }),
    factory: Type.Array(file({ description: 'PEM file.' }), {
      maxItems: 64,
      ...about({
        description: "PEM files of manufacturers' roots; good for onboarding only.",
        default: [],
        requirements: ['A00.FR.406', 'A00.FR.603'],
      }),
    }),
    revocation: revocationSchema,
  },
  {
    additionalProperties: false,
    ...about({
      description: 'Who may connect with a client certificate. Required on profile 3, not allowed elsewhere.',
    }),
  },
)

const compat = Type.Object(
  {
    missingSignatureAlgorithms: flag({
      description:
        'Admit TLS 1.2 stacks that send no signature_algorithms: their handshake falls back to SHA-1 signatures.',
      default: false,
      requirements: ['RFC 5246 7.4.1.4.1'],
    }),
  },
  { additionalProperties: false, ...about({ description: 'Concessions to old TLS stacks.', default: {} }) },
)

const tls = Type.Object(
  {
    certificates: Type.Array(serverCertificate, {
      minItems: 1,
      maxItems: 8,
      ...about({
        description:
          'Server certificates: PEM files, a PKCS #12 file, or issued by the local authority. One RSA and one ECDSA, so that all four mandatory suites work.',
        requirements: ['A00.FR.317', 'A00.FR.421'],
      }),
    }),
    names: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
        minItems: 1,
        maxItems: 64,
        ...about({
          description:
            'Host names (FQDN) in the URLs of the charge points. `check` holds the CN of the certificates to them.',
          requirements: ['A00.FR.510'],
        }),
      }),
    ),
    legacy: flag({
      description:
        'Serve TLS 1.0 and 1.1 with AES128-SHA, in a lane of its own, to charge points that are marked legacyTls.',
      default: false,
      requirements: ['A00.FR.314', 'A00.FR.324', 'A00.FR.418', 'A00.FR.428'],
    }),
    ciphers: Type.Array(choice(cipherNames, { description: 'OpenSSL name of a suite.' }), {
      minItems: 1,
      uniqueItems: true,
      ...about({
        description:
          'Suites that are allowed, by the names of OpenSSL. Without the four mandatory ones `check` complains.',
        default: [...cipherNames],
        requirements: ['A00.FR.317', 'A00.FR.319', 'A00.FR.423'],
      }),
    }),
    minVersion: choice(['TLSv1.2', 'TLSv1.3'], {
      description: 'Lowest TLS version outside the legacy lane.',
      default: 'TLSv1.2',
      requirements: ['A00.FR.312', 'A00.FR.416'],
    }),
    compat,
    clientCertificates: Type.Optional(clientCertificates),
  },
  {
    additionalProperties: false,
    ...about({
      description: 'TLS of the listener. Required on profiles 2 and 3, not allowed on 0 and 1.',
      requirements: ['A00.FR.311', 'A00.FR.415'],
    }),
  },
)

const proxyProtocol = Type.Union(
  [
    Type.Boolean(),
    Type.Object(
      {
        from: Type.Array(network({ description: 'Network, as 10.0.0.0/8.' }), {
          minItems: 1,
          maxItems: 64,
          ...about({
            description: 'Networks of the load balancers. Everybody else connects without the header.',
          }),
        }),
      },
      { additionalProperties: false },
    ),
  ],
  {
    'x-expects': 'true, false or { from: [networks] }',
    ...about({
      description:
        'PROXY protocol v2: a load balancer in front tells the real address. true: everybody must send it.',
      default: false,
    }),
  },
)

export const listenerSchema = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9-]{1,40}$',
      'x-pattern-words': '1 to 40 of a-z, 0-9 and -',
      ...about({ description: 'Name in logs and metrics.', restart: true }),
    }),
    address: address({
      description: 'Where to listen: host:port, [::1]:port. Port 0 takes a free one.',
      restart: true,
      requirements: ['A00.FR.006', 'A00.FR.201'],
    }),
    securityProfile: choice([0, 1, 2, 3], {
      description:
        'Security profile of everybody who connects here: 0 none (migration only), 1 password, 2 password and TLS, 3 TLS with client certificates.',
      restart: true,
      requirements: ['A00.FR.001', 'A00.FR.004', 'A00.FR.006'],
    }),
    path: Type.String({
      pattern: "^(/|(/(?!\\.{1,2}(/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)*)$",
      maxLength: 512,
      'x-pattern-words': 'empty, or a path such as /ocpp without a slash at its end',
      ...about({
        description:
          'What stands before the identity in the URL of a charge point. / or nothing is the root.',
        default: '/ocpp',
        requirements: ['OCPP-J 3.1.1'],
      }),
    }),
    protocols: Type.Array(choice(protocols, { description: 'WebSocket sub-protocol.' }), {
      minItems: 1,
      uniqueItems: true,
      ...about({
        description:
          'WebSocket sub-protocols that are served. Of several the first that the charge point offers is taken; each goes to a central system of its own (centralSystem, centralSystem201).',
        default: ['ocpp1.6'],
        requirements: ['A00.FR.006', 'OCPP-J 3.1.2'],
      }),
    }),
    subprotocolMismatch: choice(['reject', 'upgrade-and-close'], {
      description:
        'No common sub-protocol: answer 400, or do as OCPP-J says, upgrade without one and close at once.',
      default: 'reject',
      requirements: ['OCPP-J 3.1.2'],
    }),
    proxyProtocol,
    routes: routesSchema,
    logUploadUrl: Type.Optional(
      url({
        description:
          'What charge points of this listener reach for the upload of their logs: the public http:// or https:// URL of any listener, with a path of its own, such as https://cs.example.com:8443/logs. A one-time token is appended, and proves who uploads.',
        requirements: ['N01.FR.01'],
      }),
    ),
    tls: Type.Optional(tls),
  },
  { additionalProperties: false },
)
