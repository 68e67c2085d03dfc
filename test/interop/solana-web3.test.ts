import { createSolanaRpc, createSolanaRpcSubscriptions } from '@solana/kit'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  cosign,
  createParties,
  devnetUsdc,
  type Parties,
  sendPayment,
  signPayment,
  startSolana,
  type TestSolana,
  web3Versions,
} from '../support/solana/index.ts'

let chain: TestSolana
let parties: Parties

beforeEach(async () => {
  // Blocks come by themselves, or a subscriber that waits for one would wait for ever.
  chain = await startSolana({ mining: { slotMs: 20 } })
  parties = await createParties(chain)
})
afterEach(async () => {
  // A Connection without listeners closes its socket after a while; one that has it connects for ever.
  await vi.waitUntil(() => chain.sockets() === 0, { timeout: 10_000 })
  await chain?.close()
})

/** Signs a payment and sends it, so that it is in a block. */
const pay = async () => sendPayment(chain, await signPayment(chain, parties), parties.feePayer)

describe.each(Object.entries(web3Versions))('the Connection of @solana/web3.js %s', (_version, web3) => {
  const connect = () => new web3.Connection(`${chain.url}/web3`, 'confirmed')

  test('sends a transaction and hears over its socket that it is confirmed', async () => {
    const connection = connect()
    const latest = await connection.getLatestBlockhash()
    const transaction = Buffer.from(cosign(await signPayment(chain, parties), parties.feePayer), 'base64')

    const signature = await connection.sendRawTransaction(transaction)

    expect(await connection.confirmTransaction({ signature, ...latest })).toMatchObject({ value: { err: null } })
    expect(signature).toBe(chain.landed()[0]?.signature)
    expect(chain.counts()).toHaveProperty(['web3 signatureSubscribe'], 1)
  })

  test('reads accounts, blocks and history in the shapes that it checks', async () => {
    const connection = connect()
    const signature = await pay()
    const account = new web3.PublicKey(await chain.tokenAccount(parties.payTo, devnetUsdc))
    const mint = new web3.PublicKey(devnetUsdc)
    await expect.poll(async () => (await connection.getSignatureStatus(signature)).value).toMatchObject({ err: null })
    await expect
      .poll(() => connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 }))
      .toMatchObject({ transaction: { signatures: expect.arrayContaining([signature]) } })

    expect((await connection.getTokenAccountBalance(account)).value).toMatchObject({ amount: '1000' })
    expect((await connection.getAccountInfo(mint))?.data).toHaveLength(82)
    expect((await connection.getParsedAccountInfo(account)).value?.data).toMatchObject({ program: 'spl-token' })
    expect(await connection.getMultipleAccountsInfo([mint, account])).toHaveLength(2)
    expect(await connection.getSignaturesForAddress(account)).toMatchObject([{ signature, err: null }])
    const parsed = await connection.getParsedTransaction(signature, { maxSupportedTransactionVersion: 0 })
    expect(parsed?.transaction.message.instructions[2]).toMatchObject({ parsed: { type: 'transferChecked' } })
    expect(parsed?.meta?.err).toBe(null)
    expect(Number(await connection.getBalance(new web3.PublicKey(parties.payer.address)))).toBe(0)
    expect(Number(await connection.getMinimumBalanceForRentExemption(165))).toBeGreaterThan(0)
    const { blockhash } = await connection.getLatestBlockhash()
    expect((await connection.isBlockhashValid(blockhash)).value).toBe(true)
    expect(Number((await connection.getEpochInfo()).absoluteSlot)).toBeGreaterThan(
      Number(await connection.getBlockHeight()),
    )
    expect(String(await connection.getGenesisHash())).toMatch(/^EtWTRABZaYq6/)
  })

  test('hears of slots and of an account that changes', async () => {
    const connection = connect()
    const account = new web3.PublicKey(await chain.tokenAccount(parties.payTo, devnetUsdc))
    const heard: { slot?: number; data?: Uint8Array } = {}
    const ofSlots = connection.onSlotChange(({ slot }) => {
      heard.slot = Number(slot)
    })
    const ofAccount = connection.onAccountChange(account, ({ data }) => {
      heard.data = data
    })
    await expect.poll(() => heard.slot).toBeGreaterThan(0)
    await expect.poll(() => chain.counts()).toHaveProperty(['web3 accountSubscribe'], 1)

    await pay()

    await expect.poll(() => heard.data && Buffer.from(heard.data).readBigUInt64LE(64)).toBe(1000n)
    await connection.removeSlotChangeListener(ofSlots)
    await connection.removeAccountChangeListener(ofAccount)
  })
})

describe('@solana/kit', () => {
  test('hears over the socket at the same port that a payment is final', async () => {
    const signature = (await pay()) as Parameters<ReturnType<typeof createSolanaRpc>['getTransaction']>[0]
    const subscriptions = createSolanaRpcSubscriptions(`${chain.url.replace('http', 'ws')}/kit`)
    const abort = new AbortController()
    const notifications = await subscriptions
      .signatureNotifications(signature, { commitment: 'finalized' })
      .subscribe({ abortSignal: abort.signal })
    for await (const { value } of notifications) {
      expect(value.err).toBe(null)
      break
    }
    abort.abort()
    const rpc = createSolanaRpc(`${chain.url}/kit`)
    const config = { maxSupportedTransactionVersion: 0, encoding: 'jsonParsed' } as const
    const found = await rpc.getTransaction(signature, config).send()
    expect(found?.meta).toMatchObject({ err: null, fee: 10_001n })
  })
})
