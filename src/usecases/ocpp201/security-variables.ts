import type { Payload } from '../../ocpp/message.ts'

/** Variables of SecurityCtrlr, the component of everything about security (OCPP 2.0.1, part 2, appendix). */

const component = Object.freeze({ name: 'SecurityCtrlr' })

/** GetVariables.req. */
export function getSecurityVariables(names: readonly string[]): Payload {
  return { getVariableData: names.map((name) => ({ component, variable: { name } })) }
}

/** SetVariables.req. */
export function setSecurityVariable(name: string, attributeValue: string): Payload {
  return { setVariableData: [{ attributeValue, component, variable: { name } }] }
}
