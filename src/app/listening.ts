/** Where a listener really listens: the port may have been 0. */
export interface Listening {
  readonly name: string
  readonly host: string
  readonly port: number
}
