import { outcomesOf, type Session } from 'stipend'
import * as z from 'zod/mini'
import type { JsonObject } from './json.js'
import { payment } from './schema.js'

/** What is answered of a URL that was fetched. */
export const fetched: z.ZodMiniType<JsonObject> = z.strictObject({
  status: z.int(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.string(),
  bodyEncoding: z.enum(['utf-8', 'base64']),
  payment: z.optional(payment as z.ZodMiniType<JsonObject>),
})

/** An answer, of which the headers are looked at. */
export type Fetched = JsonObject & { readonly headers: readonly (readonly [name: string, value: string])[] }

/** A call that can be made again: its key, and what makes it the same request. */
export type Named = {
  readonly url: string
  readonly method?: string | undefined
  readonly body?: unknown
  readonly bodyBase64?: string | undefined
  readonly payment?: { readonly key?: string | undefined } | undefined
}

/** Answers what a keyed call has bought when it was made before: the answer of then can be lost on its way to who made it. */
export async function recallBought(asked: Named, session: Session): Promise<JsonObject | undefined> {
  const name = nameOf(asked)
  const text = name === undefined ? undefined : await outcomesOf(session)?.recall(name)
  if (text === undefined) return undefined
  try {
    return fetched.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Keeps what a keyed call has bought, for when it is made again, without the cookies that the server has set for it. */
export async function keepBought(asked: Named, session: Session, answer: Fetched): Promise<void> {
  const name = nameOf(asked)
  const headers = answer.headers.filter(([header]) => header !== 'set-cookie')
  if (name !== undefined) await outcomesOf(session)?.keep(name, JSON.stringify({ ...answer, headers }))
}

/** Another request under the same key is refused by the wallet, and is not to be answered with these goods. */
function nameOf({ url, method = 'GET', body, bodyBase64, payment: { key } = {} }: Named): string | undefined {
  return key === undefined ? undefined : JSON.stringify(['http', key, method, url, body, bodyBase64])
}
