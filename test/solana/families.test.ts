import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type AgentWalletOptions,
  allowHosts,
  allowNetworks,
  exactEvm,
  getPayment,
  type KeyStore,
} from '../../src/index.js'
import { testKeyStore } from '../../src/testing/index.js'
import { entryV2 } from '../support/offers.ts'
import { createSolanaAgent, schemeFor, solanaStore } from '../support/solana-agent.ts'
import { entryFor, type Json } from '../support/solana-shop.ts'
import { createParties, type Parties, solanaDevnet, startSolana, type TestSolana } from '../support/solana/index.ts'
import { listen, type Listening } from '../support/listen.ts'
import { rejection } from '../support/wallets.ts'

const evmNetwork = 'eip155:84532'

let chain: TestSolana
let parties: Parties
const servers: Listening[] = []

beforeEach(async () => {
  chain = await startSolana()
  parties = await createParties(chain)
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
  await chain?.close()
})

const onSolana = (amount: string): Json => entryFor(parties, { amount })
const onEvm = (amount: string): Json => entryV2({ amount })

/** Starts a server that says yes to whatever comes. */
async function sell(accepts: readonly Json[]): Promise<string> {
  const server = await listen((request) => {
    if (request.headers.has('payment-signature')) return new Response('sold')
    const message = { x402Version: 2, resource: { url: request.url }, accepts }
    const header = Buffer.from(JSON.stringify(message)).toString('base64')
    return new Response('{}', { status: 402, headers: { 'payment-required': header } })
  })
  servers.push(server)
  return server.url
}

/** A store of both families. */
function bothKeys(): KeyStore {
  const [evm, solana] = [testKeyStore(), solanaStore(parties.payer)]
  return { ...evm, getSigner: (network) => (network.startsWith('eip155:') ? evm : solana).getSigner(network) }
}

/** Buys, and says on which network it was paid. */
async function networkOf(
  accepts: readonly Json[],
  options: Partial<AgentWalletOptions> = {},
): Promise<string | undefined> {
  const schemes = [exactEvm(), schemeFor(chain)]
  const wallet = createSolanaAgent(chain, parties.payer, { keyStore: bothKeys(), schemes, ...options })
  return getPayment(await wallet.fetch(await sell(accepts)))?.asset.network
}

describe('a wallet with keys of both families', () => {
  test.each([
    ['Solana, where that is cheaper', '999', '1000', solanaDevnet],
    ['EVM, where that is cheaper', '1000', '999', evmNetwork],
  ])('pays on %s, in whatever order they are offered', async (_what, solanaPrice, evmPrice, network) => {
    const accepts = [onSolana(solanaPrice), onEvm(evmPrice)]
    expect(await networkOf(accepts)).toBe(network)
    expect(await networkOf(accepts.toReversed())).toBe(network)
  })

  test('pays on one and the same network where both ask the same, in whatever order the server has them', async () => {
    const accepts = [onSolana('1000'), onEvm('1000')]
    expect(await networkOf(accepts)).toBe(await networkOf(accepts.toReversed()))
  })

  test('pays on the dearer one, where the owner allows no other', async () => {
    const policy = [allowNetworks([evmNetwork]), allowHosts(['http://127.0.0.1:*'])]
    expect(await networkOf([onSolana('1'), onEvm('1000')], { policy })).toBe(evmNetwork)
  })

  test('pays on EVM while no node of Solana answers, if that is cheaper, and names the chain if it is not', async () => {
    chain.goDown()
    expect(await networkOf([onSolana('1000'), onEvm('999')])).toBe(evmNetwork)
    expect(await rejection(networkOf([onSolana('999'), onEvm('1000')]))).toMatchObject({ code: 'chain_unavailable' })
  })
})

describe('a wallet with a key of one family', () => {
  test.each([
    ['EVM', () => testKeyStore(), evmNetwork],
    ['Solana', () => solanaStore(parties.payer), solanaDevnet],
  ])('of %s leaves the offers of the other alone, however cheap', async (_what, createStore, network) => {
    const accepts = network === evmNetwork ? [onSolana('1'), onEvm('1000')] : [onEvm('1'), onSolana('1000')]
    expect(await networkOf(accepts, { keyStore: createStore() })).toBe(network)
  })

  test('asks no node of Solana for an offer that it has no key for', async () => {
    const error = await rejection(networkOf([onSolana('1')], { keyStore: testKeyStore() }))
    expect(error).toMatchObject({ code: 'no_payable_offer', message: expect.stringContaining('no key for') })
    expect(chain.counts()).toEqual({})
  })

  test('pays nothing on Solana without the scheme for it', async () => {
    const error = await rejection(networkOf([onSolana('1')], { schemes: [exactEvm()] }))
    expect(error).toMatchObject({ code: 'no_payable_offer', message: expect.stringContaining('is not supported') })
  })
})
