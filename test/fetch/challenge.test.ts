import { describe, expect, test } from 'vitest'
import { type PaymentRequired, x402, x402V1 } from '../../src/index.js'
import { readChallenge } from '../../src/fetch/challenge.js'
import { rejection } from '../support/wallets.ts'
import { challengeV1, challengeV2, entryV1, entryV2, headerMessage } from '../support/challenges.ts'

const url = new URL('https://api.example.com/report')

async function parseMessage(header: unknown, body: string): Promise<PaymentRequired | undefined> {
  const { headers } = headerMessage(header as never, body)
  const challenges = await readChallenge(new Response(body, { status: 402, headers }), { url, method: 'GET' }, [
    x402(),
    x402V1(),
  ])
  return challenges[0]?.required
}

describe('a v2 header with a v1 body', () => {
  const parseBoth = (
    entries: readonly unknown[],
    accepts: readonly unknown[] = [entryV2()],
  ): Promise<PaymentRequired | undefined> =>
    parseMessage(challengeV2({ accepts }), JSON.stringify(challengeV1({ accepts: entries })))
  const problem = async (...asked: Parameters<typeof parseBoth>): Promise<string> =>
    String(await rejection(parseBoth(...asked)))
  const contradiction = 'its header and its body ask different things'

  test('that ask the same are v2', async () => {
    expect(await parseBoth([entryV1()])).toMatchObject({ protocol: 'x402', claims: [{ amount: 10_000n }] })
  })

  test('that ask the same with addresses in other case are v2', async () => {
    const entry = entryV1({
      asset: String(entryV1()['asset']).toLowerCase(),
      payTo: String(entryV1()['payTo']).toLowerCase(),
    })
    expect((await parseBoth([entry]))?.protocol).toBe('x402')
  })

  test.each([
    ['dearer', { maxAmountRequired: '10001' }],
    ['cheaper', { maxAmountRequired: '9999' }],
    ['to another payee', { payTo: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' }],
    [
      'in the same asset in other case',
      { asset: '0x036cbd53842c5426634e7929541ec2318f3dcf7e', maxAmountRequired: '1' },
    ],
  ])('that ask different things are refused: %s', async (_what, different) =>
    expect(await problem([entryV1(different)])).toMatch(contradiction),
  )

  test('that differ in one of several offers are refused, whichever has more', async () => {
    expect(await problem([entryV1(), entryV1({ maxAmountRequired: '1' })])).toMatch(contradiction)
    expect(await problem([entryV1()], [entryV2(), entryV2({ amount: '1' })])).toMatch(contradiction)
  })

  test('that offer the same choice in another order are v2', async () => {
    const read = await parseBoth(
      [entryV1({ maxAmountRequired: '1' }), entryV1()],
      [entryV2(), entryV2({ amount: '1' })],
    )
    expect(read?.claims).toHaveLength(2)
  })

  test.each([
    ['network', { network: 'base', maxAmountRequired: '1' }],
    ['asset', { asset: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913', maxAmountRequired: '1' }],
    ['scheme', { scheme: 'upto', maxAmountRequired: '1' }],
  ])('that are about another %s are v2', async (_what, different) =>
    expect((await parseBoth([entryV1(different)]))?.protocol).toBe('x402'),
  )

  test('tell payees apart to the letter where addresses have no case to ignore', async () => {
    const solana = (payTo: string) => ({ asset: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', payTo })
    const payee = 'CmGgLQL36Y9ubtTsy2zmE46TAxwCBm66onZmPPhUWNqv'
    const header = entryV2({ network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp', ...solana(payee) })
    expect((await parseBoth([entryV1({ network: 'solana', ...solana(payee) })], [header]))?.claims).toHaveLength(1)
    expect(await problem([entryV1({ network: 'solana', ...solana(payee.toLowerCase()) })], [header])).toMatch(
      contradiction,
    )
  })

  test.each([
    ['no JSON', '{"x402Version":1,'],
    ['no v1 challenge', JSON.stringify(challengeV2({ accepts: [entryV2({ amount: '1' })] }))],
    ['HTML', '<script>{"x402Version":1}</script>'],
    ['a duplicated key', '{"x402Version":1,"x402Version":1,"accepts":[]}'],
    ['empty', '{}'],
  ])('that is %s are v2', async (_what, body) => {
    expect((await parseMessage(challengeV2(), body))?.claims).toHaveLength(1)
  })
})

describe('a 402 in two versions, of which one is of no use', () => {
  test('is read in the other', async () => {
    const body = JSON.stringify(challengeV1({ accepts: [entryV1()] }))
    expect((await parseMessage({ x402Version: 3 }, body))?.protocol).toBe('x402-v1')
    expect((await parseMessage(challengeV2(), '{"x402Version":1,"accepts":7}'))?.protocol).toBe('x402')
    expect(await rejection(parseMessage({ x402Version: 3 }, '{"x402Version":1,"accepts":7}'))).toMatchObject({
      code: 'malformed_message',
    })
  })
})
