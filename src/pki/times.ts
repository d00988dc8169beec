/** Milliseconds. */
export const dayMs = 24 * 60 * 60 * 1000
/** Clocks of charge points run late: edition 4 refuses certificates that are not valid yet (A02). */
export const backdateMs = 5 * 60 * 1000
