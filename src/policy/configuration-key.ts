/**
 * A configuration key as the laxest charge point reads it, for comparing: CiString50 has letters of
 * either case (OCPP 1.6 7.18), some trim, and those written in C stop at a NUL. Through upper case, so
 * that letters like the long s fall together with what a charge point makes of them.
 */
export function foldKey(key: string): string {
  const end = key.indexOf('\0')
  const text = end < 0 ? key : key.slice(0, end)
  return text.trim().toUpperCase().toLowerCase()
}
