import * as z from 'zod/mini'
import { narrowJsonSchema } from './json-schema.js'

type Check<value> = Parameters<z.ZodMiniType<value>['check']>[number]

/**
 * Makes the schema of a tool's input: read leniently, since models fill in what they have no use for, and shown as all
 * providers take it.
 */
export function readsAs<value extends object>(
  fields: z.ZodMiniType<value>,
  ...checks: readonly Check<value>[]
): z.ZodMiniType<value> {
  const shown = narrowJsonSchema(z.toJSONSchema(fields, { io: 'input' }))
  const schema = z.pipe(z.transform(settle), fields.check(...checks)) as unknown as z.ZodMiniType<value>
  const { _zod: internals } = schema
  internals.toJSONSchema = () => structuredClone(shown)
  return schema
}

/** Leaves out what says nothing, and brings what can be written in several ways into one. */
function settle(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  const given = Object.entries(input).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return Object.fromEntries(given.flatMap(([name, value]) => settleField(name, value)))
}

function settleField(name: string, value: unknown): readonly (readonly [string, unknown])[] {
  if (name === 'maxUsd' && typeof value === 'number') return [[name, String(value)]]
  if (name !== 'headers' || !Array.isArray(value)) return [[name, value]]
  return value.length === 0 ? [] : [[name, fromPairs(value) ?? value]]
}

const pairs = z.array(z.strictObject({ name: z.string(), value: z.string() }))

/** Of a name that is there twice, one value would be lost. */
function fromPairs(value: unknown): Readonly<Record<string, string>> | undefined {
  const read = pairs.safeParse(value)
  if (!read.success) return undefined
  const entries = read.data.map((pair) => [pair.name, pair.value] as const)
  return new Set(entries.map(([name]) => name)).size === entries.length ? Object.fromEntries(entries) : undefined
}
