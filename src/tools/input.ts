import * as z from 'zod/mini'
import { parseUsd } from '../money.js'

/** A schema of what a tool takes or answers, to be handed to a framework. */
export type Schema<value> = z.ZodMiniType<value, value>

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
  readonly maxUsd?: string | number | undefined
  /** Names the purchase. */
  readonly key?: string | undefined
}

/** Whose limits are asked for, besides those of the wallet. */
export type BudgetInput = { readonly url?: string | undefined }

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
  .union([
    z.string().check(z.regex(/^\$?(0|[1-9]\d{0,14})(\.\d{1,6})?$/)),
    z.number().check(z.minimum(0), z.maximum(1_000_000_000), z.refine(isUsd)),
  ])
  .check(z.describe('The most it may cost, in US dollars, such as 0.10. It can only lower what the owner allows.'))

/** A URL that a model may ask for; which hosts it may reach is checked where it is called. */
const url = z
  .string()
  .check(z.maxLength(maxUrlLength), z.refine(isWebUrl), z.describe('An https URL, without a user name or a password.'))

const method = z.optional(
  z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).check(z.describe('The HTTP method. Default: GET.')),
)

const headers = z.optional(
  z
    .record(z.string().check(z.maxLength(64)), z.string().check(z.maxLength(1024)))
    .check(z.refine(areHeaders), z.describe('Request headers. None for payment, credentials, cookies or the host.')),
)

const body = z.optional(z.string().check(z.maxLength(maxBodyLength), z.describe('The request body. Not with GET.')))

const requestFields = { url, method, headers, body }

/** What `pay_fetch` takes. */
export const payFetchInput: Schema<PayFetchInput> = z
  .strictObject({
    ...requestFields,
    maxUsd: z.optional(dollars),
    key: z.optional(
      z
        .string()
        .check(
          z.regex(/^[A-Za-z0-9._:-]{1,128}$/),
          z.describe('Names the purchase, which is then paid once. Only to go on with one that has to wait.'),
        ),
    ),
  })
  .check(z.refine(hasNoBodyToGet))

/** What `quote` takes. */
export const quoteInput: Schema<QuoteInput> = z.strictObject(requestFields).check(z.refine(hasNoBodyToGet))

/** What `budget` takes. */
export const budgetInput: Schema<BudgetInput> = z.strictObject({ url: z.optional(url) })

/** What `payments` takes. */
export const paymentsInput: Schema<PaymentsInput> = z.strictObject({
  id: z.optional(z.string().check(z.regex(/^pay_[0-9a-f]{32}$/), z.describe('One payment, by its id.'))),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(50), z.describe('How many, newest first. Default: 20.'))),
})

/** What `approval_status` takes. */
export const approvalStatusInput: Schema<ApprovalStatusInput> = z.strictObject({
  id: z.optional(z.string().check(z.regex(/^apr_[0-9a-f]{32}$/), z.describe('One request, by its id. Default: all.'))),
})

function isUsd(value: number): boolean {
  try {
    return parseUsd(value, 'maxUsd') >= 0n
  } catch {
    return false
  }
}

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
