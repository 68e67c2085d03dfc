/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * Narrows a JSON Schema to what OpenAI, in strict mode and not, Gemini, Anthropic and Mistral all take: closed objects with
 * all their fields required, of which those that may be absent can be `null`; lists of pairs in place of records; and no
 * pattern, length or bound, which the tool itself checks.
 */
export function narrowJsonSchema(schema: JsonSchema): Record<string, unknown> {
  const { type, description, enum: values, items, properties, required, additionalProperties } = schema
  const described = typeof description === 'string' ? { description } : {}
  if (type === 'array') return { type, ...described, items: narrowJsonSchema(asSchema(items)) }
  if (type !== 'object') return { type, ...described, ...(Array.isArray(values) && { enum: values }) }
  if (typeof additionalProperties === 'object')
    return listOfPairs(narrowJsonSchema(asSchema(additionalProperties)), described)
  const needed = new Set(Array.isArray(required) ? required : [])
  const fields = Object.entries(asSchema(properties)).map(([name, field]) => {
    const narrow = narrowJsonSchema(asSchema(field))
    // Some providers take no word beside `anyOf`: what describes the field is within.
    return [name, needed.has(name) ? narrow : { anyOf: [narrow, { type: 'null' }] }] as const
  })
  return closed(Object.fromEntries(fields), described)
}

function listOfPairs(value: JsonSchema, described: JsonSchema): Record<string, unknown> {
  return { type: 'array', ...described, items: closed({ name: { type: 'string' }, value }) }
}

function closed(properties: JsonSchema, described: JsonSchema = {}): Record<string, unknown> {
  return { type: 'object', ...described, properties, required: Object.keys(properties), additionalProperties: false }
}

function asSchema(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : {}
}
