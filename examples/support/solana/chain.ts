import type { Address } from '@solana/kit'
import { createBank, type Landed } from './bank.ts'
import { devnetGenesis } from './block-methods.ts'
import { type Block, type Commitment, createBlocks } from './blocks.ts'
import { openEndpoint } from './endpoint.ts'
import { createFunds, createSolanaKeyPair, type Funds, type SolanaKeyPair } from './funds.ts'
import { createHistory } from './history.ts'
import type { Node } from './node.ts'
import { createRpc } from './rpc.ts'
import { createSubscriptions } from './subscriptions.ts'
import { createTraffic, type Traffic } from './traffic.ts'

/** The network that the chain poses as, and where that has its USDC: what every x402 package knows without being told. */
export const solanaDevnet = `solana:${devnetGenesis.slice(0, 32)}` as const
export const devnetUsdc = '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU' as Address

/** When there is a new block: after each transaction, when a test says so, or every so many milliseconds. */
export type Mining = 'instant' | 'manual' | { readonly slotMs: number }

export type SolanaOptions = {
  /** @default 'instant' */
  readonly mining?: Mining | undefined
  /** How long answers take, by tag. @default no time */
  readonly latencyMs?: Readonly<Record<string, number>> | undefined
}

/** A chain of a test's own. */
export type TestSolana = Funds &
  Pick<Traffic, 'counts' | 'setLatency' | 'lie' | 'goDown'> & {
    /** Where its JSON-RPC is; a path below it is the traffic's tag. Sockets are at the same place, and at the next port. */
    readonly url: string
    /** Says how many sockets are open; classic clients that still have one connect again and again after `close`. */
    readonly sockets: () => number
    /** Adds blocks. */
    readonly tick: (blocks?: number) => void
    readonly blockAt: (commitment: Commitment) => Block
    /** Lists what landed, failed or not, oldest first. */
    readonly landed: () => readonly Landed[]
    /** Forgets what landed so far, as nodes do after days; what was in the last 300 blocks keeps its status. */
    readonly pruneHistory: () => void
    /** Makes an address nobody has used, with that much of a token, and no lamports. */
    readonly createPayer: (amount: bigint, mint?: string) => Promise<SolanaKeyPair>
    /** Makes an address nobody has used, with an account for a token and nothing in it. */
    readonly createPayee: (mint?: string) => Promise<Address>
    /** Makes an address nobody has used, with lamports to pay for transactions. */
    readonly createSender: () => SolanaKeyPair
    readonly close: () => Promise<void>
  }

const sol = 1_000_000_000n

/** Starts a chain, with a mint where devnet has its USDC. */
export async function startSolana({ mining = 'instant', latencyMs = {} }: SolanaOptions = {}): Promise<TestSolana> {
  const landed: Landed[] = []
  const node = createNode(landed, () => {
    subscriptions.update()
    if (mining === 'instant') tick()
  })
  const { blocks, bank, history } = node
  const subscriptions = createSubscriptions(node)
  const traffic = createTraffic(latencyMs)
  const funds = await createFunds(bank.svm)
  funds.putMint(devnetUsdc)

  function tick(count = 1): void {
    for (let added = 0; added < count; added += 1) {
      blocks.add()
      subscriptions.update()
    }
    bank.followClock()
  }
  const endpoint = await openEndpoint({ rpc: createRpc(node, traffic), subscriptions, traffic })
  const ticker = typeof mining === 'object' ? setInterval(tick, mining.slotMs, 1) : undefined
  return {
    ...funds,
    ...traffic,
    url: endpoint.url,
    sockets: endpoint.sockets,
    tick,
    blockAt: blocks.at,
    landed: () => [...landed],
    pruneHistory: history.prune,
    ...createPeople(funds),
    async close() {
      clearInterval(ticker)
      await endpoint.close()
    },
  }
}

function createNode(landed: Landed[], afterLanding: () => void): Node {
  const blocks = createBlocks()
  const bank = createBank(blocks)
  const history = createHistory(blocks)
  return {
    blocks,
    bank,
    history,
    land(signed) {
      const found = bank.land(signed)
      if (!found) return undefined
      landed.push(found)
      history.add(found)
      afterLanding()
      return found
    },
  }
}

function createPeople(funds: Funds): Pick<TestSolana, 'createPayer' | 'createPayee' | 'createSender'> {
  return {
    async createPayer(amount, mint = devnetUsdc) {
      const payer = createSolanaKeyPair()
      await funds.mintTo(payer.address, mint, amount)
      return payer
    },
    async createPayee(mint = devnetUsdc) {
      const { address } = createSolanaKeyPair()
      await funds.createAta(address, mint)
      return address
    },
    createSender() {
      const sender = createSolanaKeyPair()
      funds.airdrop(sender.address, 10n * sol)
      return sender
    },
  }
}
