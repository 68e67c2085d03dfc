import { describe, expect, test } from 'vitest'
import {
  chain,
  delegate,
  dollar,
  held,
  node,
  ofRefill,
  open,
  payer,
  setUpDelegations,
  url,
} from '../support/refilling-wallet.ts'
import { rejection } from '../support/wallets.ts'

setUpDelegations()

describe('a wallet with a refill', () => {
  test('tops itself up once a payment leaves less than the floor, and no payment waits for it', async () => {
    let release = (): void => {}
    const isHeld = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = node(async ({ method }, ask) => {
      if (method === 'eth_simulateV1') await isHeld
      return ask()
    })
    await chain.mint(payer.address, dollar)
    const wallet = open({ clients: [slow] })
    for (let count = 0; count < 3; count += 1) expect((await wallet.fetch(url)).status).toBe(200)
    expect(await ofRefill(wallet)).toEqual([])
    release()
    await expect.poll(held).toBe(16n * dollar - dollar)
    await expect.poll(async () => (await ofRefill(wallet)).map(({ status }) => status)).toEqual(['claimed'])
    expect((await wallet.fetch(url)).status).toBe(200)
    expect(await chain.nonceOf(payer.address)).toBe(1)
  })

  test('tops itself up where a payment was refused for want of money', async () => {
    const wallet = open()
    expect(await rejection(wallet.fetch(url))).toMatchObject({ code: 'insufficient_funds' })
    await expect.poll(held).toBe(15n * dollar)
    await expect
      .poll(() =>
        wallet.fetch(url).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
  })

  test('asks no chain for each payment, where there is plenty', async () => {
    await chain.mint(payer.address, 12n * dollar)
    let views = 0
    const counting = node(async (call, ask) => {
      if (call.method === 'eth_getTransactionCount') views += 1
      return ask()
    })
    const wallet = open({ clients: [counting] })
    for (let count = 0; count < 5; count += 1) await wallet.fetch(url)
    await expect.poll(() => views).toBe(2)
    for (let count = 0; count < 5; count += 1) await wallet.fetch(url)
    expect(views).toBe(2)
    expect(await ofRefill(wallet)).toEqual([])
  })

  test('tells that it could not, pays on, and does not try again at each payment', async () => {
    await chain.mint(payer.address, dollar)
    const failed: unknown[] = []
    await delegate({ start: 9_000_000_000n })
    const wallet = open()
    wallet.on('refill.failed', ({ error }) => failed.push(error))
    for (let count = 0; count < 5; count += 1) expect((await wallet.fetch(url)).status).toBe(200)
    await expect.poll(() => failed).toMatchObject([{ code: 'payment_denied' }])
    for (let count = 0; count < 5; count += 1) expect((await wallet.fetch(url)).status).toBe(200)
    expect(failed).toHaveLength(1)
    wallet.close()
  })

  test('does so no more once it is closed', async () => {
    await chain.mint(payer.address, dollar)
    const wallet = open()
    wallet.close()
    await wallet.fetch(url)
    expect(await wallet.refill()).toHaveLength(1)
    expect(await held()).toBe(15n * dollar)
  })
})
