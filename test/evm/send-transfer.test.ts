import { describe, expect, test } from 'vitest'
import { allowPayees, createAgentWallet, spendingLimit } from '../../src/index.js'
import { evm } from '../../src/evm/index.js'
import { testKeyStore } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const network = 'eip155:84532'
const to = `0x${'12'.repeat(20)}`
const quantity = (value: bigint): string => `0x${value.toString(16)}`

/** A node at which an address holds so much of the token and of the coin, and whose gas costs so much. */
function openNode(held: { token: bigint; coin: bigint }) {
  const sent: unknown[] = []
  const answers: Readonly<Record<string, () => unknown>> = {
    eth_call: () => quantity(held.token),
    eth_getBalance: () => quantity(held.coin),
    eth_getTransactionCount: () => '0x0',
    eth_gasPrice: () => quantity(1_000_000_000n),
    eth_maxPriorityFeePerGas: () => '0x1',
    eth_estimateGas: () => {
      if (held.token < 10_000n) throw new Error('execution reverted: ERC20: transfer amount exceeds balance')
      return quantity(50_000n)
    },
    eth_sendRawTransaction: () => `0x${'0'.repeat(64)}`,
  }
  const request = async ({
    method,
    params,
  }: {
    readonly method: string
    readonly params?: unknown
  }): Promise<unknown> => {
    if (method === 'eth_sendRawTransaction') sent.push(params)
    const answer = answers[method]
    if (!answer) throw new Error(`no ${method}`)
    return answer()
  }
  const keyStore = testKeyStore()
  const wallet = createAgentWallet({
    keyStore,
    policy: [allowPayees([to]), spendingLimit({ dailyLimitUsd: 1 })],
    chains: [evm({ network, clients: [{ request }] as never })],
  })
  return {
    wallet,
    sent,
    address: keyStore.address,
    move: (key?: string) => wallet.transfer({ to, amount: '0.01', asset: 'USDC', network, key }),
  }
}

describe('a transfer', () => {
  test.each([
    ['its coin', { token: 1_000_000n, coin: 0n }],
    ['its tokens', { token: 0n, coin: 10n ** 18n }],
  ])('that took the last of %s is told to be made, and not that there is too little', async (_what, left) => {
    const held = { token: 1_000_000n, coin: 10n ** 18n }
    const { sent, move } = openNode(held)
    const first = await move('rent')
    Object.assign(held, left)
    expect(await rejection(move('rent'))).toMatchObject({ code: 'already_paid', payment: { id: first.id } })
    expect(await rejection(move('other'))).toMatchObject({ moved: 'no' })
    expect(sent).toHaveLength(1)
  })

  test('is made where rules beside the policy say nothing of it, within their limits', async () => {
    const { wallet, sent, move } = openNode({ token: 1_000_000n, coin: 10n ** 18n })
    await wallet.restrict([spendingLimit({ totalLimitUsd: '0.01' })])
    expect(await move('rent')).toMatchObject({ status: 'claimed' })
    expect(await rejection(move('more'))).toMatchObject({ code: 'limit_exceeded' })
    await wallet.restrict([allowPayees([`0x${'34'.repeat(20)}`])])
    expect(await rejection(move('other'))).toMatchObject({ code: 'payment_denied' })
    expect(sent).toHaveLength(1)
  })

  test('without enough for its gas is seen before it is signed, with what is missing and where', async () => {
    const { wallet, sent, address, move } = openNode({ token: 1_000_000n, coin: 1_000n })
    const error = await rejection(move())
    expect(error).toMatchObject({
      code: 'insufficient_funds',
      moved: 'no',
      shortage: { network, address, held: 1_000n, needed: 60_000n * 2_000_000_000n, use: 'gas' },
    })
    expect((error as Error).message).toContain(`${address} on ${network} holds 0.000000000000001 native coin`)
    expect([sent, await wallet.payments.list()]).toEqual([[], []])
  })

  test('without enough of the token is seen before it is signed', async () => {
    const { wallet, sent, move } = openNode({ token: 9_999n, coin: 10n ** 18n })
    expect(await rejection(move())).toMatchObject({
      code: 'insufficient_funds',
      shortage: { asset: { symbol: 'USDC' }, held: 9_999n, needed: 10_000n },
    })
    expect([sent, await wallet.payments.list()]).toEqual([[], []])
  })

  test('with enough of both is sent', async () => {
    const { sent, move } = openNode({ token: 10_000n, coin: 60_000n * 2_000_000_000n })
    await move().catch(() => {})
    expect(sent).toHaveLength(1)
  })
})
