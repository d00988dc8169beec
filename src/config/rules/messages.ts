import type { LoadedFile } from '../convert.ts'
import { type KeyFinding, warning } from '../problem.ts'

/** Settings of messages that work against each other, or cost more than they seem to. */
export function messageRules(file: LoadedFile): KeyFinding[] {
  const { schema, schemaTransactions, overInsecureProfiles } = file.messages
  const found: KeyFinding[] = []
  const transactions = ['messages', 'schemaTransactions']
  if (schemaTransactions === 'enforce' && schema !== 'enforce') {
    found.push(warning(transactions, `has no effect: messages.schema is ${schema}`))
  } else if (schemaTransactions === 'enforce') {
    found.push(
      warning(
        transactions,
        'enforce can lose billing data: a charge point drops a transaction message after some CALLERRORs; run with report first',
        ['OCPP 1.6 3.7'],
      ),
    )
  }
  for (const profile of ['profile0', 'profile1'] as const) {
    if (overInsecureProfiles[profile].certificates !== 'allow') continue
    found.push(
      warning(
        ['messages', 'overInsecureProfiles', profile, 'certificates'],
        'allow: whoever is on the line can put certificates and roots of its own on charge points',
        ['CWE-345'],
      ),
    )
  }
  return found
}
