import { afterEach, beforeEach } from 'vitest'
import { type AgentWallet, type AgentWalletOptions, allowPayees, createAgentWallet, spendingLimit } from 'stipend'
import { privateKey } from 'stipend/keys'
import { solana, type SolanaOptions } from 'stipend/solana'
import { devnetUsdc, type SolanaKeyPair, solanaDevnet, startSolana, type TestSolana } from './solana/index.ts'

export const network = solanaDevnet
/** Devnet's PYUSD, which is of Token-2022. */
export const pyusd = 'CXk2AMBfi3TwaEL2468s6zP8xq9NxTXjp9gjMgzeUynM'
/** The chain's own coin at a price of the owner's: no server can ask for it. */
export const sol = {
  network,
  symbol: 'SOL',
  address: '11111111111111111111111111111111',
  decimals: 9,
  transfer: 'native',
  microUsd: 200_000_000n,
} as const
export const fee = 5001n
export let chain: TestSolana
export let payer: SolanaKeyPair
export let payee: string
let now: number
const clock = (): number => now
/** Moves the clock of the wallet on. */
export const passTime = (ms: number): void => {
  now += ms
}
export const chainOf = (options: Partial<SolanaOptions> = {}) =>
  solana({ network, rpcs: [`${chain.url}/one`, `${chain.url}/two`], clock, ...options })
const dollar = { amount: '1', asset: 'USDC', network } as const
export const toPayee = (): { readonly to: string } & typeof dollar => ({ to: payee, ...dollar })
export const received = (mint = devnetUsdc): Promise<bigint> => chain.tokenBalance(payee, mint)
/** Makes final what landed. */
export const finalize = (): void => chain.tick(33)

/** Starts a chain with a payer and a payee, for each test of a file. */
export function setUpTransfers(): void {
  beforeEach(async () => {
    chain = await startSolana({ mining: 'manual' })
    chain.putMint(pyusd, { program: 'spl-token-2022' })
    payer = chain.createSender()
    await chain.mintTo(payer.address, devnetUsdc, 10_000_000n)
    payee = await chain.createPayee()
    now = Date.now()
  })
  afterEach(() => chain?.close())
}

/** A wallet that may move up to 50 dollars at once to one payee. */
export function open(options: Partial<AgentWalletOptions> = {}): AgentWallet {
  return createAgentWallet({
    keyStore: privateKey(payer.privateKey),
    policy: [allowPayees([payee]), spendingLimit({ perPaymentUsd: 50, dailyLimitUsd: 100 })],
    assets: [sol],
    chains: [chainOf()],
    clock,
    ...options,
  })
}

/** Makes blocks, and time, until no block can have what was signed. */
export function outlive(): void {
  chain.tick(300 + 32)
  passTime(130_000)
}

/** What a node was sent, in base64. */
export function tap(): readonly string[] {
  const sent: string[] = []
  chain.lie('sendTransaction', (truth, [transaction]) => {
    sent.push(String(transaction))
    return truth
  })
  return sent
}
