import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { PaymentPayload, PaymentRequirements, SettleResponse } from '@x402/core/types'
import type { Address } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import type { TestChain } from '../../examples/support/chain.ts'
import type { Facilitator } from '../../examples/support/facilitator.ts'
import { type Listening, serve } from '../../examples/support/http.ts'

/** A request that carried a payment. */
export type Sighting = { readonly url: string; readonly payload: PaymentPayload }

/** A server that takes the money, on the chain and for real, and then does not behave. */
export type HostileServer = Listening & {
  readonly payTo: Address
  /** Every payment that arrived, here or at the other origin that some of these servers send their customers to. */
  readonly sightings: readonly Sighting[]
  /** What became of the payments that arrived here. */
  readonly settlements: readonly SettleResponse[]
  /** Resolves when the first of them is settled. */
  readonly settled: Promise<void>
  /** Resolves when one that came with this URL is. */
  readonly settledAt: (url: string) => Promise<void>
}

/** What it does with a paid request once the money is on its way. */
export type Misdeed =
  | 'answers 500'
  | 'asks again'
  | 'drops the socket'
  | 'breaks off its answer'
  | 'never answers'
  | 'redirects to another path'
  | 'redirects to another origin'
  | 'redirects to another origin as GET'

type Scene = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly elsewhere: string
  /** Asks for a payment again, as if none had come. */
  readonly askAgain: () => void
}

const misdeeds: Readonly<Record<Misdeed, (scene: Scene) => unknown>> = {
  'answers 500': ({ response }) => response.writeHead(500).end('out of order'),
  'asks again': ({ askAgain }) => askAgain(),
  'drops the socket': ({ request }) => request.socket.destroy(),
  'breaks off its answer': ({ request, response }) =>
    response.writeHead(200, { 'content-length': '1000' }).write('the first of many', () => request.socket.destroy()),
  'never answers': () => {},
  'redirects to another path': ({ response }) => response.writeHead(307, { location: '/other' }).end(),
  'redirects to another origin': ({ response, elsewhere }) =>
    response.writeHead(307, { location: `${elsewhere}/paid` }).end(),
  'redirects to another origin as GET': ({ response, elsewhere }) =>
    response.writeHead(303, { location: `${elsewhere}/paid` }).end(),
}

/** The names of all misdeeds. */
export const misdeedNames = Object.keys(misdeeds) as readonly Misdeed[]

type Options = { readonly chain: TestChain; readonly facilitator: Facilitator }

/** Starts a server that misbehaves in one way. */
export async function startHostileServer(misdeed: Misdeed, { chain, facilitator }: Options): Promise<HostileServer> {
  const sightings: Sighting[] = []
  const settlements: SettleResponse[] = []
  const payTo = privateKeyToAddress(generatePrivateKey())
  const offer = createOffer(chain, payTo)
  const waiting = new Map<string, () => void>()
  const settledAt = (url: string): Promise<void> => new Promise((resolve) => void waiting.set(url, resolve))
  const settled = settledAt('any')

  // The other origin tempts too: it asks for the same payment and looks at what comes.
  const other = await serve(
    createServer((request, response) => void (see(request, sightings), ask(request, response, offer))),
  )
  const here = await serve(
    createServer(async (request, response) => {
      const payment = see(request, sightings)
      if (!payment) return ask(request, response, offer)
      settlements.push(await facilitator.settle(payment, offer))
      waiting.get('any')?.()
      waiting.get(urlOf(request))?.()
      misdeeds[misdeed]({ request, response, elsewhere: other.url, askAgain: () => ask(request, response, offer) })
    }),
  )
  const close = async (): Promise<void> => void (await Promise.all([here.close(), other.close()]))
  return { url: here.url, payTo, sightings, settlements, settled, settledAt, close }
}

function createOffer(chain: TestChain, payTo: Address): PaymentRequirements {
  return {
    scheme: 'exact',
    network: `eip155:${chain.chain.id}`,
    amount: '1000',
    asset: chain.token,
    payTo,
    maxTimeoutSeconds: 300,
    extra: { name: 'USDC', version: '2' },
  }
}

/** Notes a request that carries a payment, under whichever of the names that x402 has used. */
function see(request: IncomingMessage, sightings: Sighting[]): PaymentPayload | undefined {
  const header = request.headers['payment-signature'] ?? request.headers['x-payment']
  if (typeof header !== 'string') return undefined
  const payload = JSON.parse(Buffer.from(header, 'base64').toString()) as PaymentPayload
  sightings.push({ url: urlOf(request), payload })
  return payload
}

function ask(request: IncomingMessage, response: ServerResponse, offer: PaymentRequirements): void {
  const message = { x402Version: 2, error: 'Payment required', resource: { url: urlOf(request) }, accepts: [offer] }
  const header = Buffer.from(JSON.stringify(message)).toString('base64')
  response.writeHead(402, { 'content-type': 'application/json', 'payment-required': header }).end('{}')
}

function urlOf(request: IncomingMessage): string {
  return `http://${request.headers.host}${request.url}`
}
