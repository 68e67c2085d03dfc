import { describe, expect, test } from 'vitest'
import type { Payment } from '../../src/index.js'
import { openShop, type Shop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/report'
const hour = 3_600_000

/** A wallet whose payment left and brought no answer. */
async function unanswered(options: Parameters<Shop['open']>[0] = {}) {
  const shop = openShop()
  const wallet = shop.open({
    fetch: async (input, init) => {
      const request = new Request(input, init)
      if (request.headers.has('payment-signature')) throw new TypeError('the connection broke')
      return shop.fetch(request)
    },
    unresolvedSeconds: 604_800,
    ...options,
  })
  await rejection(wallet.fetch(url))
  const [payment] = await wallet.payments.list()
  return { shop, wallet, payment: payment as Payment, well: shop.open({ unresolvedSeconds: 604_800 }) }
}

const spent = async ({ budget }: Shop['open'] extends () => infer W ? W : never): Promise<bigint | undefined> =>
  (await budget()).find(({ name }) => name === 'daily limit')?.used

describe('an owner who resolves a payment', () => {
  test.each([
    ['not-paid', 'released', 0n],
    ['paid', 'claimed', 10_000n],
    ['delivered', 'claimed', 10_000n],
  ] as const)('as %s ends it, on record, and an identical call is a new purchase', async (as, status, used) => {
    const { shop, wallet, well, payment } = await unanswered()
    shop.scene.now += hour
    const heard: Payment[] = []
    wallet.on('payment.resolved', ({ payment: resolved }) => heard.push(resolved))
    const resolved = await wallet.resolve(payment.id, { as, reason: 'asked the seller' })
    expect(resolved).toMatchObject({ status, resolution: { by: 'owner', as, reason: 'asked the seller' } })
    expect(heard).toEqual([resolved])
    const history = await wallet.payments.history(payment.id)
    expect(history.at(-1)?.payment).toEqual(resolved)
    expect(history[0]?.payment).not.toHaveProperty('resolution')
    expect(await spent(wallet)).toBe(used)
    expect((await well.fetch(url)).status).toBe(200)
    expect(await spent(wallet)).toBe(used + 10_000n)
    expect(new Set((await well.payments.list()).map(({ terms }) => terms.nonce)).size).toBe(2)
  })

  test('cannot free what can still be settled', async () => {
    const { shop, wallet, payment } = await unanswered()
    expect(await rejection(wallet.resolve(payment.id, { as: 'not-paid', reason: 'I think so' }))).toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringMatching(/can still be settled until 2026-/),
    })
    expect(await spent(wallet)).toBe(10_000n)
    shop.scene.now = payment.countsUntil
    expect(await wallet.resolve(payment.id, { as: 'not-paid', reason: 'it is over' })).toMatchObject({
      status: 'released',
    })
  })

  test.each([
    [{ type: 'open', reason: 'it is in no block', canExecute: true }, /its transaction can still be executed/],
    [{ type: 'executed', transaction: '0xab', amount: 10_000n }, /a final block shows that it was paid/],
  ] as const)('cannot free what the chain says is %o', async (evidence, message) => {
    const { shop, wallet, payment } = await unanswered({
      chains: [{ network: 'eip155:84532', examine: async () => evidence }],
    })
    shop.scene.now = payment.countsUntil
    const refusal = await rejection(wallet.resolve(payment.id, { as: 'not-paid', reason: 'it hangs' }))
    expect(refusal).toMatchObject({ code: 'configuration_invalid', message: expect.stringMatching(message) })
    expect(await spent(wallet)).toBe(10_000n)
  })

  test('frees what a chain cannot say anything of', async () => {
    const examine = async (): Promise<never> => Promise.reject(new Error('the node is down'))
    const { shop, wallet, payment } = await unanswered({ chains: [{ network: 'eip155:84532', examine }] })
    shop.scene.now = payment.countsUntil
    const resolved = await wallet.resolve(payment.id, { as: 'not-paid', reason: 'the server gave it back' })
    expect(resolved.status).toBe('released')
  })

  test('cannot undo what is final, nor say something else', async () => {
    const { shop, wallet, payment } = await unanswered()
    shop.scene.now += hour
    await shop.ledger.update(payment.id, { status: 'confirmed' })
    const refused = async (options: object): Promise<unknown> =>
      rejection(wallet.resolve(payment.id, { as: 'not-paid', reason: 'because', ...options } as never))
    for (const options of [{}, { as: 'lost' }, { reason: ' ' }, { reason: 'x'.repeat(1001) }, { by: 'me' }]) {
      expect(await refused(options)).toMatchObject({ code: 'configuration_invalid' })
    }
    expect(await rejection(wallet.resolve('pay_x', { as: 'paid', reason: 'because' }))).toMatchObject({
      code: 'configuration_invalid',
    })
    expect((await wallet.payments.get(payment.id))?.resolution).toBeUndefined()
  })

  test('is the only one who can: a session has no such call', async () => {
    const { wallet } = await unanswered()
    const session = wallet.session({ allowHosts: ['shop.example.com'] })
    expect(Object.keys(session)).not.toContain('resolve')
    expect(Object.keys(session)).not.toContain('setLedgerTime')
  })
})
