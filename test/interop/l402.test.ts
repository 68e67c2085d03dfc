import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allowHosts, createAgentWallet, getPayment, memoryLedger } from 'stipend'
import { l402, type LightningWallet } from 'stipend/l402'
import { sqliteLedger } from 'stipend/sqlite'
import { testKeyStore } from 'stipend/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeInvoice } from '../../src/lightning/invoice.js'
import { run, start } from '../support/child.ts'
import { temporaryFolder } from '../support/folder.ts'

/** What it takes has a folder of its own: `npm run test:lightning` installs it. */
const folder = fileURLToPath(new URL('../lightning/nwc/', import.meta.url))
const isInstalled = existsSync(`${folder}node_modules/@getalby/sdk/package.json`)
const program = `${folder}market.mjs`

type Market = {
  readonly wallet: {
    readonly url: string
    readonly paid: readonly string[]
    readonly state: { holdsBack: boolean; onPaid: () => void }
  }
  readonly shop: {
    readonly url: string
    readonly seen: { readonly proofs: readonly string[]; readonly issued: number; readonly sold: number }
  }
  readonly issue: (satoshis: number) => { readonly invoice: string; readonly hash: string }
  readonly close: () => Promise<void>
}

type Client = LightningWallet & { readonly close: () => void }

describe.skipIf(!isInstalled)("a wallet of Nostr Wallet Connect at a server of Alby's functions", () => {
  const temporary = temporaryFolder()
  let market: Market
  let clients: Client[] = []

  const open = (ledger = memoryLedger()) => {
    const client: Client = market && openNwc(market.wallet.url)
    clients.push(client)
    return createAgentWallet({
      keyStore: testKeyStore(),
      ledger,
      policy: [allowHosts(['http://127.0.0.1:*'])],
      paymentMethods: [l402({ wallet: client, btcUsd: '100000', network: 'regtest' })],
    })
  }
  let openNwc: (url: string) => Client

  beforeEach(async () => {
    const loaded = await import(program)
    openNwc = loaded.openNwc
    market = await loaded.startMarket()
  })
  afterEach(async () => {
    for (const client of clients) client.close()
    clients = []
    await market.close()
  })

  test('pays once, and is let in again by what it paid', async () => {
    const wallet = open()
    const response = await wallet.fetch(market.shop.url)
    expect([response.status, await response.text()]).toEqual([200, 'clear'])
    expect(getPayment(response)).toMatchObject({ amount: 110_000n, receipt: { amount: 100_007n } })
    expect((await wallet.fetch(market.shop.url)).status).toBe(200)
    expect([market.wallet.paid.length, market.shop.seen.sold]).toEqual([1, 2])
    expect(await wallet.reconcile()).toMatchObject({ confirmed: [{ receipt: { amount: 100_007n } }] })
  })

  test('is let in after a restart by what the Lightning wallet still knows', async () => {
    const ledger = memoryLedger()
    await open(ledger).fetch(market.shop.url)
    expect((await open(ledger).fetch(market.shop.url)).status).toBe(200)
    expect(market.wallet.paid).toHaveLength(1)
  })

  test.each([
    ['also where the one that asked is killed before it hears of it', true],
    ['also while the one that asked first still waits', false],
  ])('pays once whatever process asks, %s', async (_, isKilled) => {
    const file = join(temporary, `${isKilled}.db`)
    const options = { market: program, nwc: market.wallet.url, url: market.shop.url, file }
    market.wallet.state.holdsBack = true
    const isPaid = new Promise<void>((resolve) => {
      market.wallet.state.onPaid = resolve
    })
    const first = await start('lightning-buyer', options)
    const isOver = new Promise((resolve) => first.once('close', resolve))
    await isPaid
    if (isKilled) first.kill('SIGKILL')
    if (isKilled) await isOver
    market.wallet.state.holdsBack = false
    expect(market.wallet.paid).toHaveLength(1)
    expect((await run('lightning-buyer', options)).output).toBe(JSON.stringify({ status: 200, text: 'clear' }))
    expect(JSON.parse((await run('lightning-buyer', options)).output)).toMatchObject({ status: 200 })
    expect([market.wallet.paid.length, market.shop.seen.sold]).toEqual([1, 2])
    first.kill('SIGKILL')
    await isOver
    const ledger = sqliteLedger(file)
    const paid = (await ledger.list()).filter(({ scheme }) => scheme === 'bolt11')
    expect(paid).toMatchObject([{ status: 'claimed', presentations: 2 }])
    ledger.close()
  })

  test('reads what other encoders write as they mean it', async () => {
    for (const satoshis of [1, 99, 1000, 123_456, 100_000_000]) {
      const { invoice, hash } = market.issue(satoshis)
      expect(decodeInvoice(invoice)).toMatchObject({
        network: 'regtest',
        amountMsat: BigInt(satoshis) * 1000n,
        paymentHash: `0x${hash}`,
      })
    }
  })
})
