import { campaignContract } from './contract/campaigns.ts'
import { certificateKeyContract } from './contract/certificate-keys.ts'
import { credentialChangeContract } from './contract/credential-changes.ts'
import { denyListContract } from './contract/deny-list.ts'
import { firmwareContract } from './contract/firmware.ts'
import { issuedContract } from './contract/issued.ts'
import { ocspAnswerContract } from './contract/ocsp-answers.ts'
import { onboardingContract } from './contract/onboarding.ts'
import { registryContract } from './contract/registry.ts'
import { rejectionContract } from './contract/rejections.ts'
import { renewalContract } from './contract/renewals.ts'
import { rootContract } from './contract/roots.ts'
import { securityEventContract } from './contract/security-events.ts'
import type { MakeStore } from './contract/setting.ts'

export type { MakeStore, Setting } from './contract/setting.ts'

/** What every store must hold; run for each implementation. */
export function storeContract(name: string, makeStore: MakeStore): void {
  registryContract(name, makeStore)
  certificateKeyContract(name, makeStore)
  credentialChangeContract(name, makeStore)
  onboardingContract(name, makeStore)
  rejectionContract(name, makeStore)
  securityEventContract(name, makeStore)
  campaignContract(name, makeStore)
  denyListContract(name, makeStore)
  ocspAnswerContract(name, makeStore)
  issuedContract(name, makeStore)
  renewalContract(name, makeStore)
  rootContract(name, makeStore)
  firmwareContract(name, makeStore)
}
