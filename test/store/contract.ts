import { registryContract } from './contract/registry.ts'
import { rejectionContract } from './contract/rejections.ts'
import type { MakeStore } from './contract/setting.ts'

export type { MakeStore, Setting } from './contract/setting.ts'

/** What every store must hold; run for each implementation. */
export function storeContract(name: string, makeStore: MakeStore): void {
  registryContract(name, makeStore)
  rejectionContract(name, makeStore)
}
