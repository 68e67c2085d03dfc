import { createClient, encodeFunctionData, type Hex, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { sendTransactionSync } from 'viem/actions'
import { Abis, Transaction } from 'viem/tempo'
import { tempoModerato } from 'viem/tempo/chains'
import { startAnvil } from '../../examples/support/anvil.ts'

/** pathUSD, which a node of its own network begins with. */
export const pathUsd: Hex = '0x20C0000000000000000000000000000000000000'

/** A node of Tempo's own kind of chain, on loopback. */
export type TempoNode = {
  readonly url: string
  /** The key of an account with more pathUSD than is ever needed. */
  readonly funderKey: Hex
  /** Transfers pathUSD, from that account or another, and with a memo or without. */
  readonly fund: (to: Hex, amount: bigint, from?: Hex, memo?: Hex) => Promise<void>
  readonly balanceOf: (address: Hex) => Promise<bigint>
  readonly statusOf: (transaction: Hex) => Promise<unknown>
  /** Signs for the fee of a transfer, as a server does that pays it, and answers the whole transaction. */
  readonly sponsor: (transfer: Hex, feeToken?: Hex) => Promise<Hex>
  /** Sends a whole transaction, whose block is mined at once; answers its hash. */
  readonly send: (transaction: Hex) => Promise<Hex>
  /** Makes the latest block final. */
  readonly finalize: () => Promise<void>
  /** Lets time pass, on the chain and by its clock. */
  readonly pass: (seconds: number) => Promise<void>
  /** Mines the next block at an instant in Unix seconds, with a transaction that was sent before that. */
  readonly mineAt: (timestamp: number, transaction?: Hex) => Promise<Hex | undefined>
  /** Unix milliseconds, by its clock. */
  readonly clock: () => number
  readonly request: (call: { readonly method: string; readonly params?: unknown }) => Promise<unknown>
  readonly stop: () => Promise<void>
}

const funderKey: Hex = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'

/** Starts anvil with Tempo's rules as of a hardfork that takes an expiring nonce once, whoever signs for its fee. */
export async function startTempo(): Promise<TempoNode> {
  const anvil = await startAnvil(42431, ['--network', 'tempo', '--hardfork', 't4', '--slots-in-an-epoch', '1'])
  const funder = privateKeyToAccount(funderKey)
  const client = createClient({ account: funder, chain: tempoModerato, transport: http(anvil.url, { retryCount: 0 }) })
  const request: TempoNode['request'] = (call) => client.request(call as never)
  let aheadMs = 0
  const mine = async (): Promise<void> => {
    await request({ method: 'evm_mine' })
    const { timestamp } = Object(await request({ method: 'eth_getBlockByNumber', params: ['latest', false] }))
    aheadMs = Number(timestamp) * 1000 - Date.now()
  }
  // Its first block is of the year 1970.
  await mine()
  return {
    url: anvil.url,
    funderKey,
    request,
    fund: async (to, amount, from = funderKey, memo) => {
      const data = memo
        ? encodeFunctionData({ abi: Abis.tip20, functionName: 'transferWithMemo', args: [to, amount, memo] })
        : encodeFunctionData({ abi: Abis.tip20, functionName: 'transfer', args: [to, amount] })
      const account = privateKeyToAccount(from)
      await sendTransactionSync(client, { account, to: pathUsd, data, feeToken: pathUsd } as never)
      await mine()
    },
    balanceOf: async (address) => {
      const data = encodeFunctionData({ abi: Abis.tip20, functionName: 'balanceOf', args: [address] })
      return BigInt(String(await request({ method: 'eth_call', params: [{ to: pathUsd, data }, 'latest'] })))
    },
    statusOf: async (transaction) => {
      const receipt = await request({ method: 'eth_getTransactionReceipt', params: [transaction] })
      return Object(receipt).status
    },
    sponsor: async (transfer, feeToken = pathUsd) => {
      const transaction = Transaction.deserialize(transfer as never) as object
      return Transaction.serialize({ ...transaction, feePayer: funder, feeToken } as never) as Promise<Hex>
    },
    send: async (transaction) => {
      const hash = await request({ method: 'eth_sendRawTransaction', params: [transaction] })
      // What no block takes stays where it is.
      await mine()
      return hash as Hex
    },
    finalize: async () => {
      for (let block = 0; block < 3; block += 1) await mine()
    },
    pass: async (seconds) => {
      await request({ method: 'evm_increaseTime', params: [seconds] })
      await mine()
    },
    mineAt: async (timestamp, transaction) => {
      await request({ method: 'evm_setAutomine', params: [false] })
      const hash = transaction && (await request({ method: 'eth_sendRawTransaction', params: [transaction] }))
      await request({ method: 'evm_setNextBlockTimestamp', params: [timestamp] })
      await mine()
      await request({ method: 'evm_setAutomine', params: [true] })
      return hash as Hex | undefined
    },
    clock: () => Date.now() + aheadMs,
    stop: anvil.stop,
  }
}
