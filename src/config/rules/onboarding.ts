import type { LoadedFile } from '../convert.ts'
import { type KeyFinding, problem, warning } from '../problem.ts'

/** What an onboarding needs: somebody who signs, a listener to end on, times that fit. */
export function onboarding(file: LoadedFile): KeyFinding[] {
  const section = file.onboarding
  if (section === undefined) return []
  const { endOnProfile, timeout, sessionTimeout, retry, unknownChargePoints } = section
  const path = ['onboarding']
  const hasAuthority = file.certificateAuthority !== undefined
  const hasFactory = file.listeners.some(({ tls }) => (tls?.clientCertificates?.factory.length ?? 0) > 0)
  const hasPasswords = file.listeners.some((one) => one.securityProfile === 1 || one.securityProfile === 2)
  const found: KeyFinding[] = []
  if (!hasFactory && !hasPasswords) {
    const detail = 'nobody could come: no listener has clientCertificates.factory, none asks for passwords'
    found.push(problem(path, detail, ['A00.FR.804']))
  }
  if (hasFactory && !hasAuthority) {
    const detail =
      'factory certificates are replaced by those of certificateAuthority, which is not configured'
    found.push(problem(path, detail, ['A00.FR.805']))
  }
  if (endOnProfile !== undefined) {
    const key = [...path, 'endOnProfile']
    if (!file.listeners.some(({ securityProfile }) => securityProfile === endOnProfile)) {
      found.push(problem(key, `no listener has security profile ${endOnProfile}`))
    }
    if (endOnProfile === 3 && !hasAuthority) {
      found.push(problem(key, 'profile 3 needs certificateAuthority: somebody has to sign', ['A00.FR.805']))
    }
  }
  if (timeout > sessionTimeout) {
    found.push(problem([...path, 'timeout'], 'is longer than onboarding.sessionTimeout, which would end it'))
  }
  if (retry.initial > retry.max) {
    found.push(problem([...path, 'retry', 'initial'], 'is longer than onboarding.retry.max'))
  }
  if (unknownChargePoints === 'learn') {
    const detail =
      'learn: every charge point of these manufacturers gets credentials of yours, sold to you or not'
    found.push(warning([...path, 'unknownChargePoints'], detail, ['CWE-306']))
  }
  return found
}
