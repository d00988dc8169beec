import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/**
 * JSON lines on stdout. What must not be logged never gets here; the redaction is the second net
 * (A01.FR.09).
 */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: [
        'authorization',
        '*.authorization',
        'password',
        '*.password',
        'key',
        '*.key',
        'token',
        '*.token',
      ],
      censor: '[redacted]',
    },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
