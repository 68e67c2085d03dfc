import { formatUnits, formatUsd } from '../lib/format-amount.js'
import type { Holdings } from '../session/holdings.js'
import type { AddressesOutput, BalancesOutput, ToolAnswer } from './answers.js'
import { createTool } from './create-tool.js'
import { noArguments } from './input.js'
import { addressesOutput, balancesOutput } from './output.js'
import type { ToolContext } from './pay-fetch.js'
import { answering } from './read-tools.js'
import type { HoldingsTools } from './tool.js'

/** Makes the tools that show where the wallet's money is; none where its owner lets the session see nothing of it. */
export function createHoldingsTools(context: ToolContext): HoldingsTools {
  const { addresses, balances } = context.owner.holdings
  const showAddresses =
    addresses &&
    ({
      name: 'addresses',
      input: noArguments,
      output: addressesOutput,
      work: async () => seeAddresses(addresses),
    } as const)
  const showBalances =
    balances &&
    ({
      name: 'balances',
      input: noArguments,
      output: balancesOutput,
      work: async () => seeBalances(balances),
    } as const)
  return {
    ...(showAddresses && { addresses: createTool(showAddresses, context) }),
    ...(showBalances && { balances: createTool(showBalances, context) }),
  }
}

async function seeAddresses(ask: Holdings['addresses']): Promise<AddressesOutput | ToolAnswer> {
  return answering('request_failed', async () => {
    const addresses = await ask()
    return { status: 'ok', explanation: 'Money that is sent to one of these is the owner’s to spend.', addresses }
  })
}

async function seeBalances(ask: Holdings['balances']): Promise<BalancesOutput | ToolAnswer> {
  return answering('request_failed', async () => {
    const held = (await ask()).filter(({ amount }) => amount > 0n)
    const balances = held.map(({ network, address, asset, amount, microUsd }) => ({
      network,
      address,
      amount: formatUnits(amount, asset),
      amountUsd: formatUsd(microUsd),
    }))
    return {
      status: 'ok',
      explanation:
        'What it holds of the tokens that it pays with, on the networks that its owner has connected; of others there is nothing, or nobody was asked.',
      balances,
    }
  })
}
