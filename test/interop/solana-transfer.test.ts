import { describe, expect, test } from 'vitest'
import { memoryLedger } from 'stipend'
import { spentBy } from '../support/agent.ts'
import { solanaStore } from '../support/solana-agent.ts'
import { describeTransaction } from '../support/solana-shop.ts'
import { devnetUsdc, RpcError, signAnew } from '../support/solana/index.ts'
import { rejection } from '../support/wallets.ts'
import {
  chain,
  setUpTransfers,
  payer,
  open,
  payee,
  network,
  received,
  fee,
  pyusd,
  tap,
  toPayee,
  sol,
  finalize,
  passTime,
  outlive,
} from '../support/solana-transfers.ts'

/** Lets nodes say that every account holds enough, so that too little is found out by who executes the transfer. */
function seemRich(): void {
  const amount = Buffer.alloc(8)
  amount.writeBigUInt64LE(1_000_000_000n)
  chain.lie('getMultipleAccounts', (truth, [, config]) => {
    // Where a token account keeps its amount; other questions are about more.
    const { dataSlice } = config as { readonly dataSlice?: { readonly offset: number } }
    if (dataSlice?.offset !== 64) return truth
    const { value, ...rest } = truth as { readonly value: readonly (object | null)[] }
    return { ...rest, value: value.map((one) => one && { ...one, data: [amount.toString('base64'), 'base64'] }) }
  })
}

setUpTransfers()

describe('a transfer on Solana', () => {
  test('of a token moves it, at the payer’s own fee', async () => {
    const before = chain.lamportsOf(payer.address)
    const payment = await open().transfer({ to: payee, amount: '1.50', asset: 'USDC', network })
    const [landed] = chain.landed()
    expect(payment).toMatchObject({ status: 'claimed', amount: 1_500_000n, scheme: 'transfer', protocol: 'transfer' })
    expect(payment.receipt?.transaction).toBe(landed?.signature)
    expect(await received()).toBe(1_500_000n)
    expect(await chain.tokenBalance(payer.address, devnetUsdc)).toBe(8_500_000n)
    expect(before - chain.lamportsOf(payer.address)).toBe(fee)
  })

  test('of a token of Token-2022 moves it', async () => {
    await chain.mintTo(payer.address, pyusd, 5_000_000n)
    await chain.createAta(payee, pyusd)
    await open().transfer({ to: payee, amount: 2_000_000n, asset: 'PYUSD', network })
    expect(await chain.tokenBalance(payee, pyusd)).toBe(2_000_000n)
  })

  test('of SOL moves it, at the owner’s price of it', async () => {
    const before = chain.lamportsOf(payer.address)
    const wallet = open()
    const payment = await wallet.transfer({ to: payee, amount: '0.1', asset: 'SOL', network })
    expect(chain.lamportsOf(payee)).toBe(100_000_000n)
    expect(before - chain.lamportsOf(payer.address)).toBe(100_000_000n + fee)
    expect(payment.microUsd).toBe(20_000_000n)
    expect(await spentBy(wallet)).toBe(20_000_000n)
  })

  test('says nothing but its limit, its price, the transfer and a memo of its own, and is signed by its payer alone', async () => {
    const sent = tap()
    const wallet = open()
    await wallet.transfer(toPayee())
    await wallet.transfer({ to: payee, amount: '0.1', asset: 'SOL', network })
    const [token, coin] = sent.map(describeTransaction)
    const [tokenNote, coinNote] = (await wallet.payments.list())
      .map(({ terms }) => terms.details?.['memo'])
      .toReversed()
    const budget = [
      { program: 'ComputeBudget111111111111111111111111111111', accounts: [], data: '02204e0000' },
      { program: 'ComputeBudget111111111111111111111111111111', accounts: [], data: '030100000000000000' },
    ]
    const memo = (text = '') => ({
      program: 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
      accounts: [],
      data: Buffer.from(text).toString('hex'),
    })
    const [source, destination] = await Promise.all(
      [payer.address, payee].map((owner) => chain.tokenAccount(owner, devnetUsdc)),
    )
    const accounts = [source, devnetUsdc, destination, payer.address]
    const program = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'
    const data = '0c40420f000000000006'
    expect(token?.instructions).toEqual([...budget, { program, accounts, data }, memo(tokenNote)])
    const pay = { program: sol.address, accounts: [payer.address, payee], data: '0200000000e1f50500000000' }
    expect(coin?.instructions).toEqual([...budget, pay, memo(coinNote)])
    expect(tokenNote).not.toBe(coinNote)
    for (const one of [token, coin]) {
      expect(one).toMatchObject({
        version: 0,
        tables: 0,
        header: { numSignerAccounts: 1, numReadonlySignerAccounts: 0 },
      })
      expect(Object.keys(one?.signatures ?? {})).toEqual([payer.address])
    }
  })

  test.each(['USDC', 'SOL'])('of %s is confirmed by a final block, and no sooner', async (asset) => {
    const wallet = open()
    await wallet.transfer({ ...toPayee(), amount: '0.1', asset })
    chain.tick(2)
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [], open: [{ status: 'claimed' }] })
    finalize()
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [{ status: 'confirmed' }] })
    expect(await wallet.payments.list()).toMatchObject([{ receipt: { transaction: chain.landed()[0]?.signature } }])
  })

  test('with a name is made once, however often and in whatever process it is asked for', async () => {
    const ledger = memoryLedger()
    const what = { ...toPayee(), key: 'invoice-7' }
    const sent = tap()
    const [one, other] = await Promise.all([open({ ledger }).transfer(what), open({ ledger }).transfer(what)])
    chain.tick(3)
    const third = await open({ ledger }).transfer(what)
    expect(new Set([one, other, third].map(({ receipt }) => receipt?.transaction)).size).toBe(1)
    expect(new Set(sent).size).toBe(1)
    finalize()
    expect(await received()).toBe(1_000_000n)
    expect(await open({ ledger }).payments.list()).toHaveLength(1)
  })

  test('with a name is one message, also where its signatures are many', async () => {
    const ledger = memoryLedger()
    const what = { ...toPayee(), key: 'invoice-7' }
    let last = new Uint8Array()
    const inner = solanaStore(payer)
    const signer = await inner.getSigner(network)
    if (signer?.namespace !== 'solana') throw new Error('no signer')
    const signMessage = async (message: Uint8Array): Promise<Uint8Array> => {
      last = message.slice()
      return signAnew(message, payer)
    }
    const keyStore = { ...inner, getSigner: async () => ({ ...signer, signMessage }) }
    await open({ ledger, keyStore }).transfer(what)
    const first = last
    // A node knows this message by another name, and does not take it again.
    await rejection(open({ ledger, keyStore }).transfer(what))
    expect(last).toEqual(first)
    finalize()
    expect(await open({ ledger, keyStore }).reconcile()).toMatchObject({ confirmed: [{ amount: 1_000_000n }] })
    expect(await received()).toBe(1_000_000n)
  })

  test('is made twice when it is asked for twice without a name', async () => {
    const wallet = open()
    await wallet.transfer(toPayee())
    await wallet.payments.list()
    finalize()
    await wallet.reconcile()
    await wallet.transfer(toPayee())
    expect(await received()).toBe(2_000_000n)
  })

  test('whose node drops the answer is sent all the same, and is on record with its name', async () => {
    const drop = () => {
      throw new RpcError(-32005, 'Node is behind')
    }
    chain.lie('sendTransaction', drop)
    const payment = await open().transfer(toPayee())
    expect(payment).toMatchObject({ status: 'claimed', receipt: { transaction: chain.landed()[0]?.signature } })
    expect(chain.landed()).toHaveLength(1)
  })

  test('that no node takes counts until it is provably dead; only then is the same name a new message', async () => {
    const keyStore = solanaStore(payer)
    const wallet = open({ keyStore })
    const what = { ...toPayee(), amount: '20', key: 'rent' }
    const ask = () => rejection(wallet.transfer(what))
    seemRich()
    expect(await ask()).toMatchObject({ code: 'payment_outcome_unknown', moved: 'maybe' })
    expect(await spentBy(wallet)).toBe(20_000_000n)
    await chain.mintTo(payer.address, devnetUsdc, 20_000_000n)
    for (const seconds of [60, 60, 600]) {
      passTime(seconds * 1000)
      expect(await ask()).toMatchObject({ code: 'payment_outcome_unknown' })
      expect(await wallet.reconcile()).toMatchObject({ open: [{}], expired: [] })
    }
    expect(keyStore.signed).toHaveLength(1)
    outlive()
    expect(await wallet.reconcile()).toMatchObject({ expired: [{ status: 'expired' }] })
    expect(await spentBy(wallet)).toBe(0n)
    await wallet.transfer(what)
    expect(keyStore.signed).toHaveLength(2)
    expect(await received()).toBe(20_000_000n)
    expect(await wallet.payments.list()).toHaveLength(1)
  })

  test('that fails on chain is over, and its amount is free again', async () => {
    const wallet = open()
    await wallet.transfer({ ...toPayee(), amount: '9' })
    expect(await rejection(wallet.transfer({ ...toPayee(), amount: '8' }))).toMatchObject({
      code: 'payment_outcome_unknown',
    })
    finalize()
    outlive()
    const { confirmed, expired } = await wallet.reconcile()
    expect(confirmed).toMatchObject([{ amount: 9_000_000n }])
    expect(expired).toMatchObject([{ amount: 8_000_000n }])
    expect(await spentBy(wallet)).toBe(9_000_000n)
  })
})

test('what a wallet holds of SOL and of tokens is what the chain says', async () => {
  const held = (await open().balances()).filter(({ amount }) => amount > 0n)
  expect(held.map(({ asset, amount, microUsd }) => [asset.symbol, amount, microUsd])).toEqual([
    // The owner's own assets come first.
    ['SOL', 10_000_000_000n, 2_000_000_000n],
    ['USDC', 10_000_000n, 10_000_000n],
  ])
})
