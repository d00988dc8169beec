import type { Socket } from 'node:net'

/** A charge point answers a ping well within this time (RFC 6455 5.5.2); in milliseconds. */
const patienceMs = 10_000

/**
 * Waits for the first bytes of a charge point that was told 101: then it knows that it is connected.
 * Returns them, and leaves the socket paused; no bytes when none came in time; null when it is gone.
 */
export function firstSign(socket: Socket): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const finish = (result: Buffer | null) => {
      clearTimeout(timer)
      socket.off('data', onData)
      socket.off('end', onGone)
      socket.off('close', onGone)
      if (result !== null) socket.off('error', onError)
      socket.pause()
      resolve(result)
    }
    const onData = (chunk: Buffer) => finish(chunk)
    const onGone = () => finish(null)
    // Its close follows; an error that nobody hears would end the process.
    const onError = () => socket.destroy()
    const timer = setTimeout(() => finish(Buffer.alloc(0)), patienceMs)
    socket.on('end', onGone)
    socket.on('close', onGone)
    socket.on('error', onError)
    socket.on('data', onData)
    socket.resume()
  })
}
