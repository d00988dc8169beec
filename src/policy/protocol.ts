/** OCPP versions by the names of their WebSocket sub-protocols (OCPP-J 3.1.2). */
export const protocols = ['ocpp1.6', 'ocpp2.0.1'] as const
export type Protocol = (typeof protocols)[number]

export function isProtocol(name: string): name is Protocol {
  return protocols.some((one) => one === name)
}

/** The first one that the charge point offers and the listener serves; null: there is none (RFC 6455 4.2.2). */
export function chooseProtocol(offered: readonly string[], served: readonly Protocol[]): Protocol | null {
  return offered.find((one): one is Protocol => served.some((name) => name === one)) ?? null
}
