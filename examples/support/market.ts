import { type KeyPair, startChain, type TestChain } from './chain.ts'
import { type Facilitator, startFacilitator } from './facilitator.ts'
import { type OfficialServer, startServer } from './servers.ts'
import { line } from './draw.ts'

/** What a shop sells, and for how much, such as `$0.01`. */
export type Ware = { readonly price: string; readonly goods: unknown }

/** A chain with money on it, shops run with official packages, and somebody to pay: all on this machine. */
export type Market<name extends string> = {
  readonly chain: TestChain
  readonly facilitator: Facilitator
  readonly shops: Readonly<Record<name, OfficialServer>>
  readonly agent: KeyPair
  readonly close: () => Promise<void>
}

/** Opens a market, and says what is ready as it goes. */
export async function openMarket<name extends string>(
  wares: Readonly<Record<name, Ware>>,
  { purse = 5_000_000n }: { readonly purse?: bigint } = {},
): Promise<Market<name>> {
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const one of closers.toReversed()) await one()
  }
  try {
    const chain = await startChain()
    closers.push(chain.stop)
    tell('chain', `${chain.url}  anvil, with a USDC where Base Sepolia has its own`)
    const facilitator = await startFacilitator(chain)
    closers.push(facilitator.close)
    const opened = await Promise.all(
      Object.entries<Ware>(wares).map(async ([name, { price, goods }]) => {
        const shop = await startServer({ facilitator, price, goods })
        closers.push(shop.close)
        tell('shop', `${shop.url}  @x402/express, ${name} for ${price}`)
        return [name, shop] as const
      }),
    )
    const agent = await chain.createPayer(purse)
    tell('agent', `${agent.address}  has ${Number(purse) / 1e6} USDC`)
    return { chain, facilitator, shops: Object.fromEntries(opened) as Market<name>['shops'], agent, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Prints what is ready. */
export function tell(what: string, value: string): void {
  console.log(line([what, value]))
}
