import { createAgentWallet } from 'stipend'
import { privateKey } from 'stipend/keys'
import { exactSolana } from 'stipend/solana'
import { tell } from '../support/market.ts'
import {
  devnetUsdc,
  type SolanaFacilitator,
  solanaDevnet,
  startSolana,
  startSolanaFacilitator,
  startSolanaServer,
  type TestSolana,
} from '../support/solana/index.ts'
import { ownersRules, type Shop, type Shops, type Town, type Witness } from './town.ts'

/** Builds the same town on a Solana, and says what is ready as it goes. */
export async function buildSolanaTown(): Promise<Town> {
  const closers: (() => Promise<void>)[] = []
  const leave = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close()
  }
  try {
    const chain = await startSolana()
    closers.push(chain.close)
    tell('chain', `${chain.url}  litesvm, with a USDC where devnet has its own`)
    const shops = await openShops(chain, closers)
    const agent = await chain.createPayer(5_000_000n)
    tell('agent', `${agent.address}  has 5 USDC, and no SOL`)
    const wallet = createAgentWallet({
      keyStore: privateKey(agent.privateKey),
      policy: ownersRules(shops),
      schemes: [exactSolana({ rpc: chain.url, network: solanaDevnet })],
    })
    return { chain: witness(chain), shops, agent, wallet, leave }
  } catch (error) {
    await leave()
    throw error
  }
}

async function openShops(chain: TestSolana, closers: (() => Promise<void>)[]): Promise<Shops> {
  const facilitator = await startSolanaFacilitator(chain)
  closers.push(facilitator.close)
  tell('settles', `${facilitator.url}  the official x402 facilitator, which pays the fees`)
  const open = (amount: bigint): Promise<Shop> => openShop(chain, { facilitator, amount }, closers)
  return { cheap: await open(1000n), dear: await open(2_000_000n), unlisted: await open(1000n) }
}

type Wares = { readonly facilitator: SolanaFacilitator; readonly amount: bigint }

async function openShop(chain: TestSolana, wares: Wares, closers: (() => Promise<void>)[]): Promise<Shop> {
  const shop = await startSolanaServer({ chain, ...wares })
  closers.push(shop.close)
  tell('shop', `${shop.url}  @x402/express, a report for ${wares.amount} units of USDC`)
  return shop
}

function witness(chain: TestSolana): Witness {
  return {
    balanceOf: (address) => chain.tokenBalance(address, devnetUsdc),
    transfersFrom: async (address) =>
      chain.landed().flatMap(({ message, outcome, signature }) => {
        const isTransfer = outcome.error === null && message.keys.some((key) => key === address)
        return isTransfer ? [{ transaction: signature }] : []
      }),
  }
}
