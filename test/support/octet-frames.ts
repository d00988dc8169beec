import { keep } from './transcript.ts'

/** The messages of a stream with octet counting (RFC 6587 3.4.1); one that is not whole is left out. */
export function octetFrames(bytes: Buffer): string[] {
  const frames: string[] = []
  keep('sink', bytes)
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const end = space + 1 + Number(bytes.toString('latin1', at, space))
    if (space < 0 || end > bytes.length) break
    frames.push(bytes.toString('utf8', space + 1, end))
    at = end
  }
  return frames
}
