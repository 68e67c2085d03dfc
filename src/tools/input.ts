import * as z from 'zod/mini'
import { readsAs } from './read-input.js'

/**
 * A schema of what a tool takes or answers, to be handed to a framework. What it shows of itself as JSON Schema is no more
 * than every provider of models takes; what it reads is more than it shows: what is `null` or empty is absent.
 */
export type Schema<value> = z.ZodMiniType<value>

/** A request that a model asks for. */
export type QuoteInput = {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
}

/** A request that a model asks for, and what it may cost. */
export type PayFetchInput = QuoteInput & {
  /** In US dollars; can only lower what the owner allows. */
  readonly maxUsd?: string | undefined
  /** Names the purchase. */
  readonly key?: string | undefined
}

/** Whose limits are asked for, besides those of the wallet. */
export type BudgetInput = { readonly url?: string | undefined }

/** What a model looks for. */
export type FindServicesInput = {
  readonly query?: string | undefined
  /** In US dollars. */
  readonly maxUsd?: string | undefined
}

/** Nothing has to be said. */
export type NoArguments = Readonly<Record<string, never>>

/** Which payments are asked for. */
export type PaymentsInput = { readonly id?: string | undefined; readonly limit?: number | undefined }

/** Which requests for approval are asked for. */
export type ApprovalStatusInput = { readonly id?: string | undefined }

const maxUrlLength = 2048
const maxBodyLength = 65_536
const maxHeaders = 32

/**
 * Headers that are not a model's to set: what the transport itself writes, what says for whom or from where a request
 * comes, and what carries money or credentials.
 */
const reserved =
  /^(host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|via|origin|referer|cookie2?|set-cookie2?|authorization|www-authenticate|forwarded|payment|x-payment|x-master-password|x-host|([a-z]+-)*(client|connecting|real)-ip|x-original-.*|x-rewrite-.*|x-http-method.*|x-method-override|x-forwarded.*|proxy-.*|sec-.*|payment-.*|x-payment-.*)$/i

const dollars = z
  .string()
  .check(
    z.regex(/^\$?(0|[1-9]\d{0,14})(\.\d{1,6})?$/, 'expected US dollars with at most 6 decimals, such as "0.10"'),
    z.describe('The most it may cost, in US dollars, such as 0.10. It can only lower what the owner allows.'),
  )

/** A URL that a model may ask for; which hosts it may reach is checked where it is called. */
const url = z
  .string('expected a URL')
  .check(
    z.maxLength(maxUrlLength, `expected at most ${maxUrlLength} characters`),
    z.refine(isWebUrl, 'expected an https URL in plain ASCII, without a user name or a password'),
    z.describe('An https URL, without a user name or a password.'),
  )

const method = z.optional(
  z
    .enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], 'expected GET, POST, PUT, PATCH or DELETE')
    .check(z.describe('The HTTP method. Default: GET.')),
)

const headers = z.optional(
  z
    .record(z.string().check(z.maxLength(64)), z.string().check(z.maxLength(1024)), 'expected a list of name and value')
    .check(
      z.refine(
        areHeaders,
        'expected at most 32 headers, each once, and none for payment, credentials, cookies or the host',
      ),
      z.describe('Request headers. None for payment, credentials, cookies or the host.'),
    ),
)

const body = z.optional(
  z
    .string('expected text')
    .check(
      z.maxLength(maxBodyLength, `expected at most ${maxBodyLength} characters`),
      z.describe('The request body. Not with GET.'),
    ),
)

const requestFields = { url, method, headers, body }

const bodyNeedsMethod = { path: ['body'], error: 'expected none with GET: give a method' }

/** What `pay_fetch` takes. */
export const payFetchInput: Schema<PayFetchInput> = readsAs(
  z.strictObject({
    ...requestFields,
    maxUsd: z.optional(dollars),
    key: z.optional(
      z
        .string()
        .check(
          z.regex(
            /^[A-Za-z0-9._:-]{1,128}$/,
            'expected at most 128 letters, digits, dots, colons, dashes and underscores',
          ),
          z.describe('Names the purchase, which is then paid once. Only to go on with one that has to wait.'),
        ),
    ),
  }),
  z.refine(hasNoBodyToGet, bodyNeedsMethod),
)

/** What `quote` takes. */
export const quoteInput: Schema<QuoteInput> = readsAs(
  z.strictObject(requestFields),
  z.refine(hasNoBodyToGet, bodyNeedsMethod),
)

/** What `budget` takes. */
export const budgetInput: Schema<BudgetInput> = readsAs(z.strictObject({ url: z.optional(url) }))

/** What `addresses` and `balances` take. */
export const noArguments: Schema<NoArguments> = readsAs(z.strictObject({}))

/** What `find_services` takes. */
export const findServicesInput: Schema<FindServicesInput> = readsAs(
  z.strictObject({
    query: z.optional(
      z
        .string('expected text')
        .check(
          z.maxLength(256, 'expected at most 256 characters'),
          z.describe('What is looked for, in words. Default: all.'),
        ),
    ),
    maxUsd: z.optional(dollars),
  }),
)

/** What `payments` takes. */
export const paymentsInput: Schema<PaymentsInput> = readsAs(
  z.strictObject({
    id: z.optional(
      z
        .string()
        .check(
          z.regex(/^pay_[0-9a-f]{32}$/, 'expected the id of a payment, pay_ and 32 hex digits'),
          z.describe('One payment, by its id.'),
        ),
    ),
    limit: z.optional(
      z
        .int('expected a whole number')
        .check(
          z.minimum(1, 'expected 1 to 50'),
          z.maximum(50, 'expected 1 to 50'),
          z.describe('How many, newest first: 1 to 50. Default: 20.'),
        ),
    ),
  }),
)

/** What `approval_status` takes. */
export const approvalStatusInput: Schema<ApprovalStatusInput> = readsAs(
  z.strictObject({
    id: z.optional(
      z
        .string()
        .check(
          z.regex(/^apr_[0-9a-f]{32}$/, 'expected the id of a request, apr_ and 32 hex digits'),
          z.describe('One request, by its id. Default: all.'),
        ),
    ),
  }),
)

/** Whatever is folded away or read leniently by the URL parser is not a URL that anybody should have written. */
function isWebUrl(text: string): boolean {
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || text.includes('\\') || !URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return username === '' && password === ''
}

function areHeaders(record: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(record)
  const names = new Set(entries.map(([name]) => name.toLowerCase()))
  const areGood = entries.every(
    ([name, value]) => /^[a-z0-9-]+$/i.test(name) && !reserved.test(name) && /^[\x20-\x7e]*$/.test(value),
  )
  return areGood && entries.length <= maxHeaders && names.size === entries.length
}

function hasNoBodyToGet({
  method = 'GET',
  body,
}: {
  readonly method?: string | undefined
  readonly body?: string | undefined
}): boolean {
  return method !== 'GET' || body === undefined
}
