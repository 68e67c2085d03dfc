import { describe, expect, test } from 'vitest'
import { type Address, createWalletClient, encodeFunctionData, http, zeroAddress } from 'viem'
import type { TestChain } from '../../examples/support/chain.ts'
import { startBridged } from '../support/bridging.ts'
import { arrived, chains, dollar, left, open, payer, request, setUpBridge, there } from '../support/bridging-wallet.ts'
import { constructAt, readArtifact } from '../support/contracts.ts'
import { rejection } from '../support/wallets.ts'

const published = '@across-protocol/contracts/dist/evm/artifacts'
const wrapped: Address = '0x4200000000000000000000000000000000000006'
const code: Address = '0x000000000000000000000000000000000000ac01'

setUpBridge(() => startBridged(putAcross))

/** The pool of Across behind its proxy, as its authors publish both. */
async function putAcross(chain: TestChain, address: Address): Promise<void> {
  const pool = readPublished('Ethereum_SpokePool')
  await constructAt(chain, code, { ...pool, args: [wrapped, 3600, 21_600, zeroAddress] })
  const recipient = chain.accounts[0]?.address ?? zeroAddress
  const data = encodeFunctionData({ abi: pool.abi, functionName: 'initialize', args: [0, recipient] })
  await constructAt(chain, address, { ...readPublished('ERC1967Proxy'), args: [code, data] })
}

const readPublished = (name: string) => readArtifact(`${published}/${name}.sol/${name}.json`)

describe('a bridge by Across', () => {
  test('arrives for the wallet itself, less its fee, and is confirmed by the other chain', async () => {
    const wallet = open()
    const payment = await wallet.act({ ...request, feeBps: 15 })
    expect(payment.receipt?.transactions).toHaveLength(3)
    expect(await left()).toBe(50n * dollar)
    await chains.passBlocks()
    const [waits] = (await wallet.reconcile()).open
    expect(waits?.note).toContain(`has not arrived on ${there} yet`)
    await chains.fill(payer.address)
    expect(await arrived()).toBe(50n * dollar - 75_000n)
    expect((await wallet.reconcile()).confirmed).toMatchObject([{ id: payment.id }])
    expect(await wallet.frozen()).toBeUndefined()
  })

  test('is not signed where its pool takes no deposits', async () => {
    const { abi } = readPublished('Ethereum_SpokePool')
    const { chain, publicClient } = chains.from
    const address = chains.pools.from
    const account = (await publicClient.readContract({ abi, address, functionName: 'owner' })) as Address
    const sender = createWalletClient({ account, chain, transport: http() })
    const pause = async (isPaused: boolean) => {
      const call = { abi, address, functionName: 'pauseDeposits', args: [isPaused] }
      await publicClient.waitForTransactionReceipt({ hash: await sender.writeContract(call) })
    }
    await pause(true)
    const wallet = open()
    const error = await rejection(wallet.act(request))
    await pause(false)
    expect(error).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(await wallet.payments.list()).toEqual([])
  })
})
