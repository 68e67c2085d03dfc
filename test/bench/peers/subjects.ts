import { allowHosts, createAgentWallet, type KeyStore, maxLiveHolds, spendingLimit } from 'stipend'
import { loadSecp256k1 } from 'stipend/fast'
import { privateKey } from 'stipend/keys'
import { clients } from '../../gauntlet/peers/clients.mjs'
import type { Wire } from './messages.ts'

/** A client set up to pay in one protocol. */
export type Subject = {
  readonly name: string
  readonly wire: Wire
  readonly create: (fetch: typeof globalThis.fetch) => Promise<typeof globalThis.fetch>
}

/** The first development key of Hardhat and Anvil, which everybody knows. */
const key = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

/** The client that all others are divided by. */
export const yardstick = '@x402/fetch'

/** No client at all. */
export const bare = 'bare fetch'

const own: readonly Subject[] = [
  { name: 'stipend', wire: 'x402 v2', create: async (fetch) => createPayingFetch(fetch, privateKey(key)) },
  { name: 'stipend, fast', wire: 'x402 v2', create: async (fetch) => createPayingFetch(fetch, await fastKey()) },
  {
    name: 'stipend, ahead',
    wire: 'x402 v2',
    create: async (fetch) => createPayingFetch(fetch, privateKey(key), { payAhead: true }),
  },
  {
    name: 'stipend, fast, ahead',
    wire: 'x402 v2',
    create: async (fetch) => createPayingFetch(fetch, await fastKey(), { payAhead: true }),
  },
  { name: 'stipend, v1', wire: 'x402 v1', create: async (fetch) => createPayingFetch(fetch, privateKey(key)) },
]

async function fastKey(): Promise<KeyStore> {
  return privateKey(key, { secp256k1: await loadSecp256k1() })
}

const others: readonly Subject[] = [
  peer(yardstick, yardstick, 'x402 v2'),
  peer('x402-fetch, v1', 'x402-fetch', 'x402 v1'),
  peer('@faremeter/fetch', '@faremeter/fetch', 'x402 v2'),
  peer('mppx', 'mppx', 'x402 v2'),
  peer('mppx, MPP', 'mppx', 'MPP'),
  peer('hand-written on viem', 'hand-written on viem', 'x402 v2'),
]

export const subjects: readonly Subject[] = [...own, ...others]

/** Finds one by its name. */
export function subjectOf(name: string): Subject {
  const found = subjects.find((subject) => subject.name === name)
  if (!found) throw new TypeError(`the bench knows no client ${name}`)
  return found
}

/** A wallet as the quickstart makes it: a host, a limit for each payment and one for the day, a ledger in memory. */
function createPayingFetch(
  fetch: typeof globalThis.fetch,
  keyStore: KeyStore,
  options: { readonly payAhead?: boolean } = {},
): typeof globalThis.fetch {
  const wallet = createAgentWallet({
    keyStore,
    policy: [
      allowHosts(['shop.example', 'http://127.0.0.1:*']),
      spendingLimit({ perPaymentUsd: 0.1, dailyLimitUsd: 1_000_000 }),
      // By default no more than a hundred are under way at a time.
      maxLiveHolds({ max: 100_000 }),
    ],
    fetch,
    ...options,
  })
  return wallet.fetch
}

function peer(name: string, client: keyof typeof clients, wire: Wire): Subject {
  return {
    name,
    wire,
    create: async (fetch) => {
      const create = clients[client]?.create
      if (!create) throw new TypeError(`the bench knows no client ${client}`)
      return create({ privateKey: key, fetch })
    },
  }
}
