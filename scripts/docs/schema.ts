import type { SchemaNode } from '../../src/config/schema/node.ts'
import { schemaRoot } from '../../src/config/validate.ts'

/** config/schema.json: the schema as a person's file meets it, keys with defaults being optional. */
export function configSchemaJson(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of ocpp-security-proxy',
    ...published(schemaRoot),
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

function published(node: SchemaNode): SchemaNode {
  const required = node.required?.filter((key) => node.properties?.[key]?.default === undefined)
  const { required: _, ...rest } = node
  return {
    ...rest,
    ...(required && required.length > 0 ? { required } : {}),
    ...(node.properties ? { properties: mapValues(node.properties, published) } : {}),
    ...(node.patternProperties ? { patternProperties: mapValues(node.patternProperties, published) } : {}),
    ...(node.items ? { items: published(node.items) } : {}),
    ...(node.anyOf ? { anyOf: node.anyOf.map(published) } : {}),
  }
}

function mapValues<T>(record: Readonly<Record<string, T>>, map: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
