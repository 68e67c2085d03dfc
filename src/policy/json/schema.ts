import * as z from 'zod/mini'
import type { Usd } from '../../money.js'
import type { Network } from '../../types.js'
import type { Rule } from '../../ports/policy.js'

/** What is wrong with data, and where. */
export type Problem = { readonly path: readonly PropertyKey[]; readonly problem: string }

/** Reads a rule from an object of data, or says what is wrong with its shape. */
export type Form = (data: unknown) => Rule | Problem

/** Creates the form of objects with these fields and no others; a misspelt limit would be no limit. */
export function createForm<shape extends z.core.$ZodShape>(
  shape: shape,
  create: (data: z.output<z.ZodMiniObject<shape, z.core.$strict>>) => Rule,
): Form {
  const schema = strict(shape)
  return (data) => {
    const read = schema.safeParse(data)
    return read.success ? create(own(read.data)) : problemOf(read.error)
  }
}

/** An object of these fields and no others. */
export function strict<shape extends z.core.$ZodShape>(shape: shape): z.ZodMiniObject<shape, z.core.$strict> {
  const keys = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? `it is not known; known are ${keys}` : 'it is not an object'),
  })
}

function problemOf({ issues }: z.core.$ZodError): Problem {
  // A key that is not known says more than one that is missing: it is the same one, misspelt.
  const unknown = issues.find((one) => one.code === 'unrecognized_keys')
  if (unknown) return { path: [...unknown.path, ...unknown.keys.slice(0, 1)], problem: unknown.message }
  return { path: issues[0]?.path ?? [], problem: issues[0]?.message ?? 'it is not usable' }
}

/** Copies an object without a prototype, so that a polluted one adds nothing to what is not set. */
export function own<data extends object>(data: data): data {
  return Object.assign(Object.create(null), data)
}

/** A string. */
export function text(): z.ZodMiniString {
  return z.string('it is not a string')
}

/** A list of some things. */
export function listOf<item extends z.core.$ZodType>(item: item): z.ZodMiniArray<item> {
  return z.array(item, 'it is not a list')
}

/** Dollars, whose digits the rule reads. */
export function usd(): z.ZodMiniType<Usd> {
  return z.custom<Usd>(
    (value) => typeof value === 'string' || typeof value === 'number',
    'it is not an amount in dollars',
  )
}

/** A whole number, whose bounds the rule knows. */
export function count(): z.ZodMiniNumber {
  return z.int('it is not a whole number')
}

/** A number, whose bounds the rule knows. */
export function number(): z.ZodMiniNumber {
  return z.number('it is not a number')
}

/** One of some words. */
export function oneOf<const word extends string>(words: readonly word[]): z.ZodMiniType<word> {
  return z.custom<word>((value) => words.some((one) => one === value), `it is not one of ${words.join(', ')}`)
}

/** A network, by its CAIP-2 id, which the rule reads. */
export function network(): z.ZodMiniType<Network> {
  return z.custom<Network>((value) => typeof value === 'string' && value.includes(':'), 'it is not a CAIP-2 id')
}

/** A token: a symbol, a CAIP-19 id, or its network and address. */
export function token(): z.ZodMiniType<string | { network: Network; address: string }> {
  return z.union([z.string(), z.strictObject({ network: network(), address: z.string() })], 'it is not a token')
}
