/**
 * The id of a contract: the eMAID that a vehicle shows, and that stands in its contract certificate. Pure.
 */

/** CiString36Type, idToken of OCPP 2.0.1: a longer commonName is the id of no message. */
const maxLength = 36

/** Country, provider, instance, and a check digit that may be left out; hyphens too (ISO 15118-2, annex H). */
const eMaid = /^([A-Z]{2})-?([A-Z0-9]{3})-?([A-Z0-9]{9})(?:-?([A-Z0-9]))?$/

/**
 * Why this is not the contract of the certificate, or null when it is. `commonNames`: all of its subject. No name
 * is repeated here: whoever has a contract id may charge with it elsewhere.
 */
export function contractIdProblem(contractId: string, commonNames: readonly string[]): string | null {
  const [name, second] = commonNames
  if (name === undefined) return 'the contract certificate has no commonName'
  if (second !== undefined) return `the contract certificate has ${commonNames.length} commonNames`
  // Letters beyond ASCII have cases that meet those within it: U+212A is a "k".
  const isText = [contractId, name].every((one) => /^[\x21-\x7e]+$/.test(one))
  if (!isText || name.length > maxLength)
    return 'the commonName of the contract certificate is no contract id'
  return isSame(contractId.toUpperCase(), name.toUpperCase())
    ? null
    : 'idToken is another contract than that of the certificate'
}

/** The check digit says nothing that the rest does not: where one side leaves it out, the rest decides. */
function isSame(one: string, other: string): boolean {
  if (one === other) return true
  const [first, second] = [eMaid.exec(one), eMaid.exec(other)]
  if (first === null || second === null) return false
  const [, country, provider, instance, digit] = first
  return (
    country === second[1] &&
    provider === second[2] &&
    instance === second[3] &&
    (digit === undefined || second[4] === undefined || digit === second[4])
  )
}
