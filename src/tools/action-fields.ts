import * as z from 'zod/mini'

type OptionalText = z.ZodMiniOptional<z.ZodMiniString>

const text = z.string()

/** The network of an action. */
export const networkField: z.ZodMiniString = text.check(
  z.regex(/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,64}$/, 'expected a CAIP-2 id'),
  z.describe('The network, such as eip155:8453.'),
)

/** A token of an action, and what it is there for. */
export function tokenField(what: string): z.ZodMiniString {
  return text.check(z.regex(/^[A-Za-z0-9.₮]{1,64}$/, 'expected a symbol or an address'), z.describe(what))
}

/** What may leave by an action. */
export const maxUsdField: OptionalText = z.optional(
  text.check(
    z.regex(/^\$?(0|[1-9]\d{0,14})(\.\d{1,6})?$/, 'expected US dollars with at most 6 decimals, such as "0.10"'),
    z.describe('The most that may leave, in US dollars. It can only lower what the owner allows.'),
  ),
)

/** What names an action that is to be made. */
export const keyField: OptionalText = z.optional(
  text.check(
    z.regex(/^[A-Za-z0-9._:-]{1,128}$/, 'expected at most 128 letters, digits, dots, colons, dashes and underscores'),
    z.describe('Names it, which is then made once. Needed to go on with one that has to wait.'),
  ),
)
