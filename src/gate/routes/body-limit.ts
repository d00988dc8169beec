import { Transform } from 'node:stream'

/** Passes a body on as it came, and fails with `code` BODY_TOO_LARGE behind `maxBytes`. */
export function bodyLimit(maxBytes: number, counted: (bytes: number) => void): Transform {
  let total = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length
      counted(chunk.length)
      if (total <= maxBytes) done(null, chunk)
      else done(Object.assign(new Error(`the body is larger than ${maxBytes} bytes`), { code: bodyTooLarge }))
    },
  })
}

export const bodyTooLarge = 'BODY_TOO_LARGE'
