import { exposedBy, type Mock402Method, type MockAuthorization } from '../mock/book.js'
import type { Mock402Fault } from '../mock/faults.js'
import type { Mock402Protocol } from '../mock/messages.js'
import { mock402, type Mock402 } from '../mock/mock402.js'
import type { Mock402Options } from '../mock/options.js'
import { type SeenRequest, see } from '../server/seen.js'

/** What a payer did to a world. */
export type Seen = {
  readonly authorizations: number
  readonly exposed: bigint
  readonly settled: bigint
  readonly paidOrigins: readonly string[]
  /** Every payment that could be settled, whatever else could be. */
  readonly all: readonly MockAuthorization[]
  readonly requests: readonly SeenRequest[]
  /** Unix milliseconds. */
  readonly now: number
}

/** The network of one case: a shop, and another origin that looks at whatever it is sent. */
export type World = {
  readonly fetch: typeof globalThis.fetch
  readonly shop: Mock402
  readonly seen: () => Seen
  /** Answers the next requests in this way instead, as long as it answers at all. */
  readonly intercept: (answer: (request: Request) => Promise<Response | undefined>) => void
}

const paymentHeaders = ['payment-signature', 'x-payment', 'authorization']
const maxRedirects = 5

/** Creates a network in which redirects are followed as `fetch` does, with all headers but `Authorization` on another origin. */
export function createWorld(
  protocol: Mock402Protocol,
  faults: readonly Mock402Fault[],
  method: Mock402Method = 'eip3009',
): World {
  const options: Mock402Options = { protocols: [protocol], methods: [method], faults, price: '$0.01' }
  const shop = mock402(options)
  // Whoever is sent there meets somebody who would be paid too.
  const elsewhere = mock402({ ...options, faults: [] })
  const requests: SeenRequest[] = []
  let intercept: (request: Request) => Promise<Response | undefined> = async () => undefined

  const send = async (request: Request): Promise<Response> => {
    requests.push(await see(request))
    const answer = await intercept(request.clone())
    if (answer) return answer
    return new URL(request.url).host === 'shop.example' ? shop(request) : elsewhere(request)
  }
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    let request = new Request(input, init)
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const response = await send(request)
      const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null
      if (location === null || request.redirect === 'manual') return answered(response, request.url, hops > 0)
      if (request.redirect === 'error') throw new TypeError('fetch failed')
      request = redirected(request, new URL(location, request.url))
    }
    throw new TypeError('fetch failed')
  }
  const seen = (): Seen => {
    const all = [...shop.authorizations, ...elsewhere.authorizations].filter(({ isSigned }) => isSigned)
    const carrying = requests.filter(({ headers }) => paymentHeaders.some((name) => headers[name] !== undefined))
    return {
      // Two that a chain takes one of are one.
      authorizations: new Set(all.map(({ network, payer, nonce }) => `${network} ${payer} ${nonce}`)).size,
      exposed: exposedBy(all),
      settled: shop.settled + elsewhere.settled,
      paidOrigins: [...new Set(carrying.map(({ url }) => new URL(url).origin))],
      all,
      requests,
      now: Date.now(),
    }
  }
  return {
    fetch,
    shop,
    seen,
    intercept: (answer) => {
      intercept = answer
    },
  }
}

/** Says where an answer came from, as `fetch` does. */
function answered(response: Response, url: string, isRedirected: boolean): Response {
  return Object.defineProperties(response, { url: { value: url }, redirected: { value: isRedirected } })
}

function redirected(request: Request, target: URL): Request {
  const headers = new Headers(request.headers)
  if (target.origin !== new URL(request.url).origin) headers.delete('authorization')
  const { method, redirect, signal } = request
  return new Request(target, { method: method === 'HEAD' ? 'HEAD' : 'GET', headers, redirect, signal })
}
