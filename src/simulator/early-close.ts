import type { Duplex } from 'node:stream'

const patienceMs = 1000
/** A close frame with its longest payload (RFC 6455 5.5). */
const longest = 2 + 125

/**
 * The code of the close frame that a server sends right behind its 101: OCPP-J 1.6 3.2 has it do so when
 * there is no common sub-protocol. null: none came within a second. Leaves the socket to its owner.
 */
export function readCloseCode(socket: Duplex, head: Buffer): Promise<number | null> {
  return new Promise((resolve) => {
    let bytes = head
    const timer = setTimeout(() => finish(null), patienceMs)
    const onEnd = (): void => finish(null)
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk])
      judge()
    }
    function finish(code: number | null): void {
      clearTimeout(timer)
      socket.off('data', onData).off('end', onEnd).off('close', onEnd)
      resolve(code)
    }
    function judge(): void {
      const [first, length] = bytes
      if (first === undefined || length === undefined) return
      // FIN and the opcode of close; a server does not mask.
      if (first !== 0x88 || length < 2 || length > 125 || bytes.length > longest) finish(null)
      else if (bytes.length >= 4) finish(bytes.readUInt16BE(2))
    }
    socket.on('data', onData).once('end', onEnd).once('close', onEnd)
    judge()
  })
}
