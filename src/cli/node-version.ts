/** Ends with one clear line on a Node that this product does not run on. */
export function assertNodeVersion() {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return
  process.stderr.write(`ocpp-security-proxy needs Node 24 or later; this is ${process.version}\n`)
  process.exit(2)
}
