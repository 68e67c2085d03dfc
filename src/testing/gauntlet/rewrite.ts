import { decodeHeader, encodeHeader, type Entry } from '../server/wire.js'

/** Answers what a server said with another status, as a server does that mixes them up. */
export function withStatus({ headers, body, status }: Response, other: number): Response {
  return new Response(body, { status: status === 402 ? other : status, headers })
}

/** Changes each offer of a 402, in its header and in its body; or puts the changed ones before the others. */
export async function withMessage(
  response: Response,
  change: (offer: Entry) => Entry,
  where: 'instead' | 'before' = 'instead',
): Promise<Response> {
  if (response.status !== 402) return response
  const headers = new Headers(response.headers)
  const required = decodeHeader(headers.get('payment-required'))
  if (required) headers.set('PAYMENT-REQUIRED', encodeHeader(changed(required, change, where)))
  const body = (await response.json()) as Entry
  return new Response(JSON.stringify(changed(body, change, where)), { status: 402, headers })
}

function changed(message: Entry, change: (offer: Entry) => Entry, where: 'instead' | 'before'): Entry {
  const { accepts } = message
  if (!Array.isArray(accepts)) return message
  const others = accepts.map((offer: Entry) => changeOffer(offer, change))
  return { ...message, accepts: where === 'before' ? [...others, ...accepts] : others }
}

/** What v1 calls by another name is changed under that name. */
function changeOffer(offer: Entry, change: (offer: Entry) => Entry): Entry {
  const { maxAmountRequired, ...rest } = offer
  if (maxAmountRequired === undefined) return change(offer)
  const { amount, ...other } = change({ ...rest, amount: maxAmountRequired })
  return { ...other, maxAmountRequired: amount }
}
