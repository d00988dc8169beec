import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { messageOf } from '../policy/error.ts'

/**
 * Reads a CRL file without blocking: it may have 32 MiB. Rejects with an Error whose text says what is
 * wrong; a device or a pipe is refused rather than waited for.
 */
export async function readCrlFile(path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw new Error(`the file cannot be opened: ${messageOf(error)}`)
  })
  try {
    const facts = await file.stat()
    if (!facts.isFile()) throw new Error('it is no regular file')
    // One more than allowed, so that the reader of the CRL sees that it is too large.
    const buffer = Buffer.alloc(Math.min(facts.size, maxBytes) + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null)
      if (bytesRead === 0) break
      length += bytesRead
      if (length > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
    }
    return Buffer.from(buffer.subarray(0, length))
  } finally {
    await file.close()
  }
}
