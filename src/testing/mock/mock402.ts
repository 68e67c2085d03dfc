import { type Book, createBook, exposedBy, type MockAuthorization, type MockSettlement } from './book.js'
import { type Answering, createAnswering } from './answering.js'
import { createAsking } from './asking.js'
import type { Mock402Options } from './options.js'
import { listen, type Listening } from './listen.js'
import { readArrived } from './messages.js'
import { readSettings, type Settings } from './read-options.js'
import { solanaNode } from './solana-node.js'
import { type SeenRequest, see } from '../server/seen.js'

/** A server that asks for payments and takes them, as a `fetch`, with a book of what came and what it took. */
export type Mock402 = typeof globalThis.fetch & {
  /** Every request, paid or not, in the order in which they came. */
  readonly requests: readonly SeenRequest[]
  /** Every signed payment that came, each once, whether it was taken or not. */
  readonly authorizations: readonly MockAuthorization[]
  /** Every payment that was taken. */
  readonly settlements: readonly MockSettlement[]
  /** What could be taken at most of all that was signed, in atomic units. */
  readonly exposed: bigint
  /** What was taken, in atomic units. */
  readonly settled: bigint
  /** A node of Solana devnet, for the option `fetch` of `exactSolana`. */
  readonly solanaNode: typeof globalThis.fetch
  /** Listens on loopback, in Node; whoever starts it closes it. */
  readonly listen: () => Promise<Listening>
  /** Forgets all that came. */
  readonly reset: () => void
}

/**
 * Creates a server that asks for payments as real ones do, and can fail and lie as real ones do. It checks what it is
 * sent: the signature over the token's own domain, the payee, the amount, the time, and that nothing is taken twice. It
 * needs no chain and no network.
 *
 * @throws ConfigurationError when an option is not usable.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet } from 'stipend'
 * import { expectPaid, mock402, testKeyStore } from 'stipend/testing'
 *
 * const shop = mock402({ price: '$0.02', faults: ['settle-then-500'] })
 * const wallet = createAgentWallet({ keyStore: testKeyStore(), policy: [allowHosts(['shop.example'])], fetch: shop })
 * await wallet.fetch('https://shop.example/report')
 * await expectPaid(wallet, { times: 1, totalUsd: '0.02' })
 * ```
 */
export function mock402(options: Mock402Options = {}): Mock402 {
  const settings = readSettings(options)
  const book = createBook()
  const requests: SeenRequest[] = []
  const asking = createAsking(settings)
  const answering = createAnswering(settings, { book, asking })

  const server = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    requests.push(await see(request))
    return serve(request, { settings, asking, answering })
  }
  const reset = (): void => {
    requests.length = 0
    book.reset()
    asking.reset()
    answering.reset()
  }
  const node = solanaNode(settings.clock)
  return expose(Object.assign(server, { requests, solanaNode: node, listen: () => listen(server), reset }), book)
}

type Parts = {
  readonly settings: Settings
  readonly asking: ReturnType<typeof createAsking>
  readonly answering: Answering
}

async function serve(request: Request, { settings, asking, answering }: Parts): Promise<Response> {
  const faults = settings.draw()
  const arrived = readArrived(request.headers, settings.protocols, asking.made)
  // Who sends everybody elsewhere sends payments there too.
  if (!arrived || faults.includes('redirect')) return asking.ask(request, faults)
  return answering.answer(request, arrived, faults)
}

type Server = ((input: RequestInfo | URL, init?: RequestInit) => Promise<Response>) &
  Pick<Mock402, 'requests' | 'solanaNode' | 'listen' | 'reset'>

function expose(server: Server, { authorizations, settlements }: Book): Mock402 {
  const sums = {
    exposed: { get: () => exposedBy(authorizations) },
    settled: { get: () => settlements.reduce((sum, { amount }) => sum + amount, 0n) },
  }
  return Object.defineProperties(Object.assign(server, { authorizations, settlements, exposed: 0n, settled: 0n }), sums)
}
