import { getBase58Encoder } from '@solana/kit'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { exactSolana } from '../../src/solana/index.js'
import { createSolanaAgent } from '../support/solana-agent.ts'
import { entryFor, offerFor, startShop } from '../support/solana-shop.ts'
import {
  createParties,
  devnetUsdc,
  type Parties,
  solanaDevnet,
  startSolana,
  type TestSolana,
} from '../support/solana/index.ts'

const tokenProgram = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'

let chain: TestSolana
let parties: Parties
let now: number

beforeEach(async () => {
  chain = await startSolana()
  parties = await createParties(chain)
  now = Date.now()
})
afterEach(() => chain?.close())

const clock = (): number => now

// In a file of its own: what wallets of other tests ask in the background would be counted too.
describe('the background', () => {
  afterEach(() => vi.useRealTimers())

  test('refreshes the blockhash while payments are made, and stops when none are', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { fetch, count } = cannedNode()
    const scheme = exactSolana({ rpc: 'https://node.example', network: solanaDevnet, clock, fetch })
    const nonce = `0x${'11'.repeat(32)}` as const
    const pay = async (): Promise<unknown> =>
      scheme.terms(offerFor(parties), { payer: parties.payer.address, nonce, now })
    await pay()
    // The last payment is made after thirty seconds, and nothing is asked any more two minutes later.
    for (let round = 1; round <= 20; round += 1) {
      now += 10_000
      await vi.advanceTimersByTimeAsync(10_000)
      const isBusy = round <= 14
      await until(() => vi.getTimerCount() === (isBusy ? 1 : 0))
      expect(count()).toBe(1 + Math.min(round, 14))
      // By the blockhash that was read in the background: no node is waited for.
      if (round === 3) await pay()
    }
    expect(count()).toBe(15)
    expect(await pay()).toBeDefined()
    expect(count()).toBe(16)
  })

  test('keeps no process alive', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const shop = await startShop([entryFor(parties)])
    const before = timers()
    await createSolanaAgent(chain, parties.payer).fetch(shop.url)
    await vi.waitFor(() => expect(timers()).toBeLessThanOrEqual(before))
    await shop.close()
  })
})

/** Waits without a timer, since those are faked; the test's own time is the bound. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => void setImmediate(resolve))
}

/** A node that answers at once and without a network, and counts how often a blockhash was asked for. */
function cannedNode(): { readonly fetch: typeof fetch; readonly count: () => number } {
  const { hash, height, slot } = chain.blockAt('confirmed')
  const account = Buffer.concat([decode(devnetUsdc), decode(parties.payTo), Buffer.alloc(44), Buffer.of(1)])
  const tokenAccount = { owner: tokenProgram, executable: false, data: [account.toString('base64'), 'base64'] }
  const context = { slot }
  let count = 0
  const answers: Readonly<Record<string, unknown>> = {
    getGenesisHash: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
    getLatestBlockhash: { context, value: { blockhash: hash, lastValidBlockHeight: height + 150 } },
    getEpochInfo: { absoluteSlot: slot, blockHeight: height },
    getMultipleAccounts: { context, value: [null, tokenAccount] },
  }
  return {
    fetch: async (_input, init) => {
      const { method } = JSON.parse(String(init?.body)) as { readonly method: string }
      if (method === 'getLatestBlockhash') count += 1
      return Response.json({ jsonrpc: '2.0', id: 1, result: answers[method] })
    },
    count: () => count,
  }
}

function decode(address: string): Buffer {
  return Buffer.from(getBase58Encoder().encode(address))
}
