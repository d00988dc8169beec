import { Type } from 'typebox'
import { about, choice, duration, file, size, url } from './kinds.ts'

/** Plain HTTP beside OCPP: firmware downloads and log uploads over the secured port. */
const route = Type.Object(
  {
    path: Type.String({
      pattern: "^(/(?!\\.{1,2}(/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)+$",
      maxLength: 256,
      'x-pattern-words': 'a path such as /firmware without a slash at its end',
      ...about({
        description: 'Requests for this path and for everything below it; of several the longest one counts.',
      }),
    }),
    target: url({
      description:
        'Where they go: an http:// or https:// URL without a query. What follows path is appended to it.',
    }),
    methods: Type.Array(choice(['GET', 'HEAD', 'PUT', 'POST'], { description: 'Method of a request.' }), {
      minItems: 1,
      uniqueItems: true,
      ...about({ description: 'Methods that pass; others are answered with 405.', default: ['GET', 'HEAD'] }),
    }),
    authentication: choice(['required', 'none'], {
      description:
        'required: as for OCPP on this listener, by HTTP Basic with the identity as user name (profiles 1 and 2) or by the client certificate (profile 3). none: whoever reaches the listener; TLS still holds.',
      default: 'required',
      requirements: ['A00.FR.202', 'A00.FR.302', 'A00.FR.402'],
    }),
    headers: Type.Record(Type.String(), Type.String({ maxLength: 1024 }), {
      maxProperties: 32,
      ...about({
        description:
          'Header fields to set on the request; templates as in centralSystem.headers. Empty where the value is unknown.',
        default: {},
      }),
    }),
    maxBodyBytes: size({
      description: 'Largest body of a request; more is answered with 413.',
      default: '100MiB',
      minimum: 0,
      maximum: 4096 * 1024 * 1024,
    }),
    timeout: duration({
      description: 'Longest silence of either side while a request or its answer is under way.',
      default: '60s',
      minimum: 1_000,
      maximum: 3_600_000,
    }),
    maxDuration: duration({
      description: 'Longest time that one request may take in all.',
      default: '1h',
      minimum: 1_000,
      maximum: 86_400_000,
    }),
    ca: Type.Optional(
      file({ description: 'PEM file with the roots of an https:// target, instead of the public ones.' }),
    ),
  },
  { additionalProperties: false },
)

export const routesSchema = Type.Array(route, {
  maxItems: 32,
  ...about({
    description:
      'Plain HTTP requests that pass beside OCPP, such as firmware downloads. Upgrades never leave by this door.',
    default: [],
  }),
})
