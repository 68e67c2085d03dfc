import { describe, expect, test } from 'vitest'
import { ask, cosign, signAnew } from '../support/solana/index.ts'
import {
  setUpLocalChain,
  sign,
  chain,
  simulate,
  valueOf,
  statusOf,
  send,
  paid,
  parties,
} from '../support/local-chain.ts'

const funds = 1_000_000n
const insufficientFunds = { InstructionError: [2, { Custom: 1 }] }

setUpLocalChain()

describe('a blockhash on the local chain', () => {
  test('is good for a simulation until 144 blocks later', async () => {
    const transaction = await sign()
    chain.tick(144)
    expect(await simulate(transaction)).toBe(null)
    chain.tick()
    expect(await simulate(transaction)).toBe('BlockhashNotFound')
  })

  test('is good in the block after the last valid one that the node names, and in none later', async () => {
    const confirmed = [{ commitment: 'confirmed' }]
    const { lastValidBlockHeight } = (await valueOf('getLatestBlockhash', confirmed)) as {
      readonly lastValidBlockHeight: number
    }
    const [first, second] = [await sign(), await sign()]
    chain.tick(150)
    expect(chain.blockAt('processed').height).toBe(lastValidBlockHeight + 1)
    expect(await statusOf(await send(first))).toMatchObject({ err: null })
    chain.tick()
    expect(await statusOf(await send(second))).toBe(null)
    expect(await paid()).toBe(1000n)
  })

  test('is said to be valid for 150 blocks of each commitment', async () => {
    const { hash } = chain.blockAt('finalized')
    const isValid = (commitment: string) => valueOf('isBlockhashValid', [hash, { commitment }])
    chain.tick(119)
    expect(await Promise.all(['processed', 'confirmed', 'finalized'].map(isValid))).toEqual([false, true, true])
    chain.tick()
    expect(await Promise.all(['processed', 'confirmed', 'finalized'].map(isValid))).toEqual([false, false, true])
  })

  test('is unknown at a commitment that has not come to its block', async () => {
    const { hash } = chain.blockAt('processed')
    expect(await valueOf('isBlockhashValid', [hash, { commitment: 'processed' }])).toBe(true)
    expect(await valueOf('isBlockhashValid', [hash, { commitment: 'confirmed' }])).toBe(false)
    chain.tick()
    expect(await valueOf('isBlockhashValid', [hash, { commitment: 'confirmed' }])).toBe(true)
  })

  test('says nothing of the slot: heights and slots are far apart', async () => {
    const [slot, height] = [(await ask(chain, 'getSlot')).result, (await ask(chain, 'getBlockHeight')).result]
    const { slot: absoluteSlot, height: blockHeight } = chain.blockAt('finalized')
    expect({ slot, height }).toEqual({ slot: absoluteSlot, height: blockHeight })
    expect((await ask(chain, 'getEpochInfo')).result).toMatchObject({ absoluteSlot, blockHeight })
    expect(absoluteSlot).toBeGreaterThan(blockHeight + 1_000_000)
  })
})

describe('a transaction on the local chain', () => {
  test('is in one block only, however often it is sent', async () => {
    const transaction = await sign()
    const signature = await send(transaction)
    chain.tick(40)
    expect(await send(transaction)).toBe(signature)
    expect(chain.landed()).toHaveLength(1)
    expect(await paid()).toBe(1000n)
    expect(await simulate(transaction)).toBe('AlreadyProcessed')
  })

  test('is the same one under another name: who pays the fee may sign it anew', async () => {
    const transaction = Buffer.from(cosign(await sign(), parties.feePayer), 'base64')
    const another = Buffer.from(transaction)
    another.set(signAnew(transaction.subarray(1 + 2 * 64), parties.feePayer), 1)
    const options = { encoding: 'base64', skipPreflight: true }
    const names = [transaction, another].map(async (sent) => {
      return (await ask(chain, 'sendTransaction', [sent.toString('base64'), options])).result
    })
    expect(new Set(await Promise.all(names)).size).toBe(2)
    expect(chain.landed()).toHaveLength(1)
    expect(await paid()).toBe(1000n)
  })

  test('changes nothing when it is simulated', async () => {
    const transaction = await sign()
    expect(await simulate(transaction)).toBe(null)
    expect(await simulate(transaction)).toBe(null)
    expect(await paid()).toBe(0n)
    expect(chain.landed()).toEqual([])
  })

  test('is dropped without a word when a signature is missing or not its own', async () => {
    const transaction = await sign()
    const forged = Buffer.from(cosign(transaction, parties.feePayer), 'base64')
    forged[70] = (forged[70] ?? 0) ^ 1
    for (const sent of [transaction, forged.toString('base64')]) {
      const options = { encoding: 'base64', skipPreflight: true }
      expect(await ask(chain, 'sendTransaction', [sent, options])).toHaveProperty('result')
      expect(await ask(chain, 'sendTransaction', [sent, { encoding: 'base64' }])).toMatchObject({
        error: { code: -32003 },
      })
    }
    expect(chain.landed()).toEqual([])
  })

  test('that fails pays its fee, moves nothing and is in the history', async () => {
    const before = chain.lamportsOf(parties.feePayer.address)
    const transaction = await sign({ amount: funds + 1n })
    const message = Buffer.from(transaction, 'base64').subarray(1 + 2 * 64)
    const confirmed = { commitment: 'confirmed' }
    expect(await valueOf('getFeeForMessage', [message.toString('base64'), confirmed])).toBe(10_001)

    const signature = await send(transaction)

    chain.tick()
    expect(chain.lamportsOf(parties.feePayer.address)).toBe(before - 10_001n)
    expect(await paid()).toBe(0n)
    expect(await statusOf(signature)).toMatchObject({ err: insufficientFunds, status: { Err: insufficientFunds } })
    const config = { commitment: 'confirmed', maxSupportedTransactionVersion: 0 }
    expect(await ask(chain, 'getTransaction', [signature, config])).toMatchObject({
      result: { meta: { err: insufficientFunds, fee: 10_001 } },
    })
  })

  test('that would fail is refused before it is sent, unless the sender wants no look at it', async () => {
    const transaction = cosign(await sign({ amount: funds + 1n }), parties.feePayer)
    const config = { encoding: 'base64', preflightCommitment: 'confirmed' }
    expect(await ask(chain, 'sendTransaction', [transaction, config])).toMatchObject({
      error: { code: -32002, data: { err: insufficientFunds } },
    })
    expect(chain.landed()).toEqual([])
  })

  test('is processed at once, confirmed a block later and final after 32', async () => {
    const signature = await send(await sign())
    const { slot } = chain.blockAt('processed')
    const levels: unknown[] = []
    for (const blocks of [0, 1, 30, 1]) {
      chain.tick(blocks)
      levels.push(await statusOf(signature))
    }
    expect(levels).toMatchObject([
      { slot, confirmationStatus: 'processed', confirmations: 0 },
      { slot, confirmationStatus: 'confirmed', confirmations: 1 },
      { slot, confirmationStatus: 'confirmed', confirmations: 31 },
      { slot, confirmationStatus: 'finalized', confirmations: null },
    ])
  })
})
