import { mpp } from 'stipend/mpp'
import { signInWithX } from 'stipend/sign-in'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allowHosts, type Ledger, spendingLimit, x402, x402V1 } from '../../src/index.js'
import { spentBy } from '../support/agent.ts'
import { type LedgerMaker, ledgerMakers } from '../support/ledgers.ts'
import { createMppServer } from '../support/mpp-server.ts'
import { createSignInServer } from '../support/sign-in-server.ts'
import { createTestWallet, rejection } from '../support/wallets.ts'

const price = 10_000n
const hosts = ['api.example.com']
const url = 'https://api.example.com/report'
const policy = [allowHosts(hosts), spendingLimit({ dailyLimitUsd: 1 })]
const protocols = [x402(), x402V1(), mpp()]

describe.each(Object.entries(ledgerMakers))('with a ledger of %s', (_, make) => {
  let maker: LedgerMaker
  beforeAll(async () => {
    maker = await make()
  })
  afterAll(() => maker?.stop())

  const createWallet = (server: (request: Request) => Promise<Response>, ledger: Ledger) => {
    const fetch = async (...request: Parameters<typeof globalThis.fetch>) => server(new Request(...request))
    return createTestWallet({ policy, fetch, ledger, protocols, signIn: signInWithX({ hosts }) })
  }

  test('a sign-in is on record, and counts under no limit', async () => {
    const server = createSignInServer()
    const ledger = maker.create()
    const wallet = createWallet(server, ledger)
    await wallet.fetch(url)
    await wallet.fetch(url)
    expect(await wallet.payments.list()).toMatchObject([
      { scheme: 'sign-in', amount: 0n, microUsd: 0n, status: 'claimed', scopes: [] },
      { scheme: 'exact', amount: price },
    ])
    expect([server.proofs.length, await spentBy(wallet)]).toEqual([1, price])
    // Another process with the same key and ledger goes on from there.
    await createWallet(server, ledger).fetch(url)
    expect([server.proofs.length, server.till.settled]).toEqual([2, price])
  })

  test('a payment by MPP keeps its challenge for another process, and the challenge its purchase', async () => {
    const expires = () => new Date(Math.ceil(Date.now() / 600_000) * 600_000 + 300_000).toISOString()
    const server = createMppServer({ fault: 'settle-then-break', expires })
    const ledger = maker.create()
    await rejection(createWallet(server, ledger).fetch(url))
    const other = createWallet(server, ledger)
    expect((await other.fetch(url)).status).toBe(200)
    expect([server.settled.size, (await other.payments.list()).length]).toEqual([1, 1])
    expect(await rejection(other.fetch(`${url}/other`))).toMatchObject({ code: 'payment_denied', moved: 'no' })
    expect(await spentBy(other)).toBe(price)
  })
})
