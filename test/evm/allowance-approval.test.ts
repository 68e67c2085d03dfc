import { decodeFunctionData, parseTransaction, recoverTransactionAddress } from 'viem'
import { describe, expect, test, vi } from 'vitest'
import { inTurn } from '../../src/lib/in-turn.js'
import { pause } from '../../src/lib/deadline.js'
import type { Chain } from '../../src/ports/chain.js'
import { permit2 } from '../../src/evm/permit2.js'
import { createAgentWallet, type EvmSigner, type KeyStore, allowHosts, allowPayees } from '../../src/index.js'
import { privateKey } from '../../src/keys/index.js'
import type { EvmTransaction } from '../../src/evm/transaction.js'
import { approving, asset, chainOf, declared, network, serve } from '../support/sponsoring-server.ts'
import { allowanceAbi } from '../support/permit2.ts'
import { payee } from '../support/offers.ts'
import { rejection } from '../support/wallets.ts'

const friend = `0x${'12'.repeat(20)}`
const gas = 60_000n
const maxFeeWei = gas * 2_000_000_000n
const sponsoredApprovals = { maxFeeWei }

type Signed = `0x${string}`

/** A wallet whose key signs transactions as it is told to. */
function createWallet(
  words: Parameters<typeof chainOf>[0],
  {
    options = { sponsoredApprovals },
    change = (transaction: EvmTransaction): EvmTransaction => transaction,
    signs = true,
  } = {},
) {
  const keys = privateKey('42'.repeat(32))
  const asked: EvmTransaction[] = []
  const signed: Signed[] = []
  const keyStore: KeyStore<EvmSigner> = {
    ...keys,
    getSigner: async () => {
      const signer = (await keys.getSigner(network)) as EvmSigner
      const { signTransaction, ...rest } = signer
      if (!signs || !signTransaction) return rest
      return {
        ...rest,
        signTransaction: async (transaction) => {
          asked.push(transaction)
          signed.push(await signTransaction(change(transaction)))
          return signed.at(-1) ?? '0x'
        },
      }
    },
  }
  const policy = [allowHosts(['http://127.0.0.1:*']), allowPayees([payee, friend])]
  const view = async () => ({ number: 1n, hash: '0x', timestamp: 0, call: async () => undefined })
  const chain = chainOf(words, options)
  const seen: Chain = { ...chain, ...(chain.actions && { actions: { ...chain.actions, view } }) }
  const wallet = createAgentWallet({ keyStore, policy, chains: [seen] })
  return { wallet, asked, signed, chain: seen, payer: keys.address }
}

describe('an approval beside a payment', () => {
  test('is of Permit2, for exactly the amount, with gas within what its owner allows', async () => {
    const { url, paid } = await serve(approving)
    const { wallet, signed, payer } = createWallet({ allowance: 9999n, nonce: 7n, count: 5n })
    await wallet.fetch(url)
    const [serialized = '0x', ...others] = signed
    expect(others).toEqual([])
    const { to, chainId, nonce, value = 0n, data = '0x', ...fees } = parseTransaction(serialized)
    expect({ to, chainId, nonce, value }).toEqual({ to: asset.toLowerCase(), chainId: 84532, nonce: 5, value: 0n })
    expect(decodeFunctionData({ abi: allowanceAbi, data })).toEqual({
      functionName: 'approve',
      args: [permit2, 10_000n],
    })
    expect(fees).toMatchObject({ gas, maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1_000_000n })
    expect(await recoverTransactionAddress({ serializedTransaction: serialized as `0x02${string}` })).toBe(payer)
    const [payment] = await wallet.payments.list()
    expect(payment?.terms.details).toMatchObject({ approvalNonce: '5', approvalGas: gas.toString() })
    expect(paid[0]?.extensions?.['erc20ApprovalGasSponsoring']?.info).toEqual({
      description: 'gas is paid',
      version: '1',
      from: payer,
      asset,
      spender: permit2,
      amount: '10000',
      signedTransaction: serialized,
    })
  })

  test.each<[string, object, Parameters<typeof createWallet>[0], Parameters<typeof createWallet>[1]]>([
    ['the owner has not said so', approving, { allowance: 0n, count: 0n }, { options: {} as never }],
    [
      'its gas could cost more than allowed',
      approving,
      { allowance: 0n, count: 0n },
      { options: { sponsoredApprovals: { maxFeeWei: maxFeeWei - 1n } } },
    ],
    ['the server pays for none', {}, { allowance: 0n, count: 0n }, {}],
    ['the signer signs no transactions', approving, { allowance: 0n, count: 0n }, { signs: false }],
    ['the chain does not say with which number', approving, { allowance: 0n }, {}],
  ])('is not signed where %s, and nothing else is', async (_why, extensions, words, how) => {
    const { url, paid } = await serve(extensions)
    const { wallet, signed } = createWallet(words, how)
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect([signed, paid, await wallet.payments.list()]).toEqual([[], [], []])
  })

  test.each<[string, Parameters<typeof createWallet>[0], string]>([
    ['where the token takes a permit', { allowance: 0n, nonce: 7n, count: 5n }, 'eip2612GasSponsoring'],
    ['where it takes none', { allowance: 0n, count: 5n }, 'erc20ApprovalGasSponsoring'],
    [
      'where it answers with nothing what it does not know',
      { allowance: 0n, nonce: '0x', count: 5n },
      'erc20ApprovalGasSponsoring',
    ],
  ])('gives way to a permit %s', async (_when, words, used) => {
    const { url, paid } = await serve({ ...declared, ...approving })
    await createWallet(words).wallet.fetch(url)
    const both = Object.entries(paid[0]?.extensions ?? {})
    expect(both.filter(([, { info }]) => Object(info).from !== undefined).map(([name]) => name)).toEqual([used])
  })

  test('is not signed because the node fails that is asked whether the token takes a permit', async () => {
    const { url, paid } = await serve({ ...declared, ...approving })
    const { wallet, signed } = createWallet({ allowance: 0n, nonce: new Error('too many requests'), count: 5n })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'no_payable_offer', moved: 'no' })
    expect([signed, paid]).toEqual([[], []])
  })

  test.each<[string, (transaction: EvmTransaction) => EvmTransaction]>([
    ['is without an end', (one) => ({ ...one, data: `${one.data.slice(0, -64) as Signed}${'f'.repeat(64)}` })],
    [
      'is of somebody else',
      (one) => ({ ...one, data: one.data.replace(permit2.slice(2).toLowerCase(), '11'.repeat(20)) as Signed }),
    ],
    ['costs more', (one) => ({ ...one, maxFeePerGas: one.maxFeePerGas * 10n })],
    ['moves a coin', (one) => ({ ...one, value: 1n })],
  ])('goes nowhere when what the signer answers %s', async (_what, change) => {
    const { url, paid } = await serve(approving)
    const { wallet } = createWallet({ allowance: 0n, count: 0n }, { change })
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'signing_failed' })
    expect(paid).toEqual([])
  })

  test('is not signed with the number of another that can still be executed', async () => {
    const { url } = await serve(approving)
    const words = { allowance: 0n, count: 5n }
    const { wallet, asked } = createWallet(words)
    await wallet.fetch(`${url}/one`)
    expect(await rejection(wallet.fetch(`${url}/two`))).toMatchObject({ code: 'limit_exceeded', moved: 'no' })
    expect(asked).toHaveLength(1)
    // The account has it under way still, whatever its number.
    words.count = 6n
    expect(await rejection(wallet.fetch(`${url}/two`))).toMatchObject({ code: 'limit_exceeded', moved: 'no' })
    expect(asked).toHaveLength(1)
  })

  test('holds up no transfer while its server says nothing, and gives no transfer its number', async () => {
    let answer = (): void => {}
    const until = new Promise<void>((resolve) => {
      answer = resolve
    })
    const { url, paid } = await serve(approving, { until })
    const words = { allowance: 0n, count: 5n }
    const { wallet, asked } = createWallet(words)
    const bought = wallet.fetch(url)
    await vi.waitFor(() => expect(paid).toHaveLength(1))
    const move = (amount: bigint) => wallet.transfer({ to: friend, amount, asset: 'USDC', network })
    expect(await rejection(move(1n))).toMatchObject({ code: 'limit_exceeded', moved: 'no' })
    expect(asked).toHaveLength(1)
    // Once the chain has executed it, there is another number to be had.
    words.count = 6n
    await rejection(move(2n))
    expect(asked.map(({ nonce }) => nonce)).toEqual([5, 6])
    answer()
    await bought
  }, 20_000)

  test('is signed in turn with what the wallet sends itself', async () => {
    const { url } = await serve(approving)
    const order: string[] = []
    const change = (transaction: EvmTransaction): EvmTransaction => {
      order.push('the approval')
      return transaction
    }
    const { wallet, chain } = createWallet({ allowance: 0n, count: 5n }, { change })
    const sent = inTurn(chain, async () => {
      await pause(300)
      order.push('a transfer')
    })
    await Promise.all([wallet.fetch(url), sent])
    expect(order).toEqual(['a transfer', 'the approval'])
  })

  test('is told of until its number is used', async () => {
    const { url } = await serve(approving)
    const words = { allowance: 0n, count: 5n }
    const { wallet } = createWallet(words)
    await wallet.fetch(url)
    const pending = { network, spender: permit2, amount: 10_000n, isPending: true }
    expect(await wallet.allowances()).toMatchObject([pending])
    words.count = 6n
    expect(await wallet.allowances()).toEqual([])
  })
})
