import fc from 'fast-check'

/** As much of JSON Schema as our own documents use. */
export type Schema = {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly propertyNames?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
}

/** Makes values that a schema describes; `hints` are good values for properties of some names. */
export function fromSchema(
  schema: Schema,
  hints: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<unknown> {
  const inner = (one: Schema) => fromSchema(one, hints)
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(inner))
  if (schema.type === 'string') return fromString(schema)
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'integer') return fc.integer({ min: schema.minimum ?? 0, max: 2 ** 31 - 1 })
  if (schema.type === 'number') return fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(0.01, 0.5, 1e300))
  if (schema.type === 'array') {
    if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map(inner))
    return fc.array(inner(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 3 })
  }
  if (schema.type === 'object') return fromObject(schema, hints)
  return fc.jsonValue({ maxDepth: 2 })
}

function fromString({ pattern, minLength = 0, maxLength = 300 }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  return fc.string({ minLength, maxLength: Math.min(maxLength, 40) })
}

function fromObject(schema: Schema, hints: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], propertyNames, additionalProperties } = schema
  const known = fc.record(
    Object.fromEntries(
      Object.entries(properties).map(([name, one]) => {
        const described = fromSchema(one, hints)
        const hint = hints[name]
        return [name, hint ? fc.oneof({ weight: 4, arbitrary: hint }, described) : described]
      }),
    ),
    { requiredKeys: [...required] },
  )
  if (typeof additionalProperties !== 'object') return known
  const names = propertyNames ? fromString(propertyNames) : fc.string({ maxLength: 10 })
  const more = fc.dictionary(names, fromSchema(additionalProperties, hints), { maxKeys: 2 })
  return fc.tuple(known, more).map(([one, other]) => ({ ...other, ...(one as object) }))
}
