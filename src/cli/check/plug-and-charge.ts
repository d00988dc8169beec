import type { X509Certificate } from 'node:crypto'
import { prepareAuthorities } from '../../app/authorities.ts'
import { preparePlugAndCharge } from '../../app/plug-and-charge.ts'
import { type KeyFinding, problem } from '../../config/problem.ts'
import { messageOf } from '../../policy/error.ts'
import type { CheckContext } from './context.ts'

const unused = () => Promise.reject(new Error('nothing is issued by a check'))
const index = { record: unused, find: unused, revoked: unused }

/** Can what is served of ISO 15118 be made, and who may read the key of our client certificate? */
export function checkPlugAndCharge(context: CheckContext): KeyFinding[] {
  const { plugAndCharge: section } = context.config
  if (section === undefined) return []
  const root = ['plugAndCharge']
  const { readFile } = context
  try {
    // Nobody is asked by a check.
    const answers = { get: async () => null, put: async () => {} }
    const cpoRoots = rootsOf(context)
    const denied = { find: unused }
    preparePlugAndCharge(context.config, cpoRoots, {
      ...{ answers, denied, index, log: { error: () => {} }, readFile },
    })
  } catch (error) {
    return [problem(root, messageOf(error))]
  }
  const key = section.evCertificate.pool?.key
  const facts = key === undefined ? null : context.stat(key)
  if (facts === null || (facts.mode & 0o007) === 0) return []
  const mode = (facts.mode & 0o777).toString(8).padStart(4, '0')
  const text = `every user of the machine can reach the key in ${key} (mode ${mode}); chmod 600 it`
  return [problem([...root, 'evCertificate', 'pool', 'key'], text, ['CWE-732'])]
}

/** Of the authority of charge point certificates; what is wrong with it is said by its own check. */
function rootsOf({ config, now, readFile }: CheckContext): readonly X509Certificate[] {
  try {
    const { authority } = prepareAuthorities(config.certificateAuthority, { index, now: () => now, readFile })
    return authority?.roots() ?? []
  } catch {
    return []
  }
}
