import { foldKey } from './configuration-key.ts'

/** What SetVariables of OCPP 2.0.1 names (part 2, B05). Pure, and total on whatever a peer sends. */

type Payload = Readonly<Record<string, unknown>>

/** Names are folded: they do not tell upper from lower case (identifierString). */
export interface AskedVariable {
  readonly component: string
  readonly variable: string
  /** As it was sent; may be anything. */
  readonly value: unknown
}

/** Every variable that the CALL sets, in its order; what names none is left out. */
export function variablesOf({ setVariableData }: Payload): readonly AskedVariable[] {
  return objectsOf(setVariableData).flatMap(({ component, variable, attributeValue }) => {
    const [of, name] = [nameOf(component), nameOf(variable)]
    return of === null || name === null ? [] : [{ component: of, variable: name, value: attributeValue }]
  })
}

/** What the answer says about the variables with these folded names; empty: nothing. */
export function variableStatus(
  { setVariableResult }: Payload,
  names: ReadonlySet<string>,
): readonly unknown[] {
  return objectsOf(setVariableResult).flatMap(({ variable, attributeStatus }) =>
    names.has(nameOf(variable) ?? '') ? [attributeStatus] : [],
  )
}

/** What GetVariables.conf tells, by folded name; of a name that is there twice, the first. Others are left out. */
export function toldVariables({ getVariableResult }: Payload): ReadonlyMap<string, string> {
  const told = new Map<string, string>()
  for (const { variable, attributeStatus, attributeValue } of objectsOf(getVariableResult)) {
    const name = nameOf(variable)
    if (name === null || attributeStatus !== 'Accepted' || typeof attributeValue !== 'string') continue
    if (!told.has(name)) told.set(name, attributeValue)
  }
  return told
}

/** The answer that refuses every variable of the CALL: nothing of it was done. */
export function refusedVariables({ setVariableData }: Payload, reasonCode: string): Payload {
  return {
    setVariableResult: objectsOf(setVariableData).map(({ component, variable, attributeType }) => ({
      ...(attributeType === undefined ? {} : { attributeType }),
      attributeStatus: 'Rejected',
      attributeStatusInfo: { reasonCode },
      component,
      variable,
    })),
  }
}

function nameOf(value: unknown): string | null {
  return isObject(value) && typeof value.name === 'string' ? foldKey(value.name) : null
}

function objectsOf(value: unknown): readonly Payload[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function isObject(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
