import { Type } from 'typebox'
import { about, dataFile, duration, flag, integer, size } from './kinds.ts'

const day = 86_400_000
const mebibyte = 1_048_576

/** Logs of charge points (N01) and where they are kept. */
export const chargePointLogsSchema = Type.Object(
  {
    folder: dataFile({
      description:
        'Folder of the logs that charge points have uploaded; made when missing. Replicas share it.',
      restart: true,
    }),
    maxBytes: size({
      description: 'Largest log; more is answered with 413.',
      default: '100MiB',
      minimum: 1024,
      maximum: 4096 * mebibyte,
      requirements: ['CWE-770'],
    }),
    maxTotalBytes: size({
      description: 'Bytes of all logs together; where they are used up, uploads are answered with 507.',
      default: '10240MiB',
      minimum: 1024,
      maximum: 1_000_000 * mebibyte,
      requirements: ['CWE-770'],
    }),
    timeout: duration({
      description: 'Longest silence of a charge point in the middle of an upload.',
      default: '60s',
      minimum: 1_000,
      maximum: 3_600_000,
    }),
    maxDuration: duration({
      description: 'Longest time that one upload may take in all.',
      default: '1h',
      minimum: 1_000,
      maximum: day,
      requirements: ['CWE-400'],
    }),
    openFor: duration({
      description: 'How long the one-time URL of a log takes its upload.',
      default: '24h',
      minimum: 60_000,
      maximum: 30 * day,
    }),
    keep: integer({
      description: 'Logs of one charge point that are kept; the oldest go first.',
      default: 20,
      minimum: 1,
      maximum: 1000,
    }),
    age: duration({
      description: 'How long a log is kept.',
      default: '90d',
      minimum: 60_000,
      maximum: 3650 * day,
    }),
    translateGetDiagnostics: flag({
      description:
        'GetDiagnostics of the central system goes to the charge point as GetLog(DiagnosticsLog), and its LogStatusNotification comes back as DiagnosticsStatusNotification. A charge point that does not know GetLog gets what the central system has sent.',
      default: false,
      requirements: ['N01.FR.01'],
    }),
  },
  {
    additionalProperties: false,
    ...about({
      description:
        'Security and diagnostics logs of charge points. Left out: the proxy asks for none, and only confirms what charge points report.',
      requirements: ['N01.FR.01'],
    }),
  },
)
