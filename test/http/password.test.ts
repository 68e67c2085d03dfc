import { describe, expect, test } from 'vitest'
import { allowHosts, ConfigurationError, isStipendError, spendingLimit } from '../../src/index.js'
import { createPasswordCheck } from '../../adapters/http/password-check.js'
import { createHandler, hashPassword } from '../../adapters/http/index.js'
import { masterPassword as password, openService } from '../support/service.ts'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/report'
/** What `hashPassword` answers to the password. */
const hash = await hashPassword(password)

/** A gate whose waits are noted and not waited for. */
function openGate(options: Pick<Parameters<typeof createPasswordCheck>[0], 'masterPassword' | 'masterPasswordHash'>) {
  const waited: number[] = []
  const wait = async (milliseconds: number): Promise<void> => void waited.push(milliseconds)
  return { gate: createPasswordCheck({ ...options, clock: () => 0, wait }), waited }
}

describe('the master password', () => {
  test('can be given as a hash', async () => {
    const { ask } = openService({
      handler: { masterPasswordHash: await hashPassword('another-password') },
    })
    expect((await ask('GET /v1/approvals', { password: 'another-password' })).status).toBe(200)
    expect((await ask('GET /v1/approvals', { password })).status).toBe(401)
  })

  test('that is right is let in whatever was guessed, to deny what falls due and to freeze the wallet', async () => {
    const shop = openShop({ price: 50_000_000n })
    const slow = spendingLimit({ instantMaxUsd: 1, delayMaxUsd: 100, delaySeconds: 300, dailyLimitUsd: 100 })
    const policy = [allowHosts(['shop.example.com']), slow]
    const { ask, token, wallet } = openService({
      shop,
      wallet: { policy },
      handler: { masterPassword: password, masterPasswordHash: undefined },
    })
    const session = await token()
    const fetched = { token: session, body: { url, payment: { key: 'report' } } }
    const delayed = await ask('POST /v1/x402/fetch', fetched)
    expect(delayed.json).toMatchObject({ code: 'payment_delayed' })
    const guesses = Array.from({ length: 12 }, (_, index) =>
      ask('GET /v1/approvals', { password: `wrong-password-${index}` }),
    )
    const { id } = delayed.json.approval
    expect((await ask(`POST /v1/approvals/${id}/deny`, { password, body: {} })).status).toBe(200)
    expect((await ask('POST /v1/freeze', { password, body: {} })).json).toEqual({ frozen: true })
    await wallet.unfreeze()
    shop.scene.now += 301_000
    expect((await ask('POST /v1/x402/fetch', fetched)).json).toMatchObject({ code: 'payment_denied' })
    expect(shop.keyStore.signed).toEqual([])
    const codes = (await Promise.all(guesses)).map(({ json }) => String(json.code))
    expect(codes.filter((code) => code === 'password_wrong')).toHaveLength(5)
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(7)
  })

  test('that is wrong too often is answered late, by where it comes from', async () => {
    const { gate, waited } = openGate({ masterPassword: password })
    const guess = (source: string, text = 'wrong-password') => rejection(gate.check(text, source))
    for (let count = 0; count < 5; count += 1) {
      expect(await guess('10.0.0.1')).toMatchObject({ code: 'password_wrong', status: 401 })
    }
    expect(waited).toEqual([])
    for (let count = 0; count < 6; count += 1) expect(await guess('10.0.0.1')).toMatchObject({ status: 429 })
    expect(waited).toEqual([250, 500, 1000, 2000, 2000, 2000])
    expect(await guess('10.0.0.2')).toMatchObject({ status: 401 })
    await gate.check(password, '10.0.0.1')
    expect(waited).toHaveLength(6)
    expect(await guess('10.0.0.1')).toMatchObject({ status: 401 })
  })

  test('that is only known by its hash is found although another source floods the gate', async () => {
    const { gate } = openGate({ masterPasswordHash: hash })
    const flood = Array.from({ length: 200 }, (_, index) =>
      rejection(gate.check(`wrong-password-${index}`, '10.0.0.1')),
    )
    await gate.check(password, '10.0.0.2')
    // From here on no guess costs anything, and the owner is let in from wherever the flood comes.
    await gate.check(password, '10.0.0.1')
    const refused = await Promise.all(flood)
    expect(refused.filter((error) => isStipendError(error) && error.moved === 'no')).toHaveLength(200)
  })

  test('is not looked for among what cannot be one', async () => {
    const { gate } = openGate({ masterPasswordHash: hash })
    const guesses = ['', 'short', 'x'.repeat(2000), 'not-ascii-päßword']
    for (const text of guesses) expect(await rejection(gate.check(text))).toMatchObject({ code: 'password_wrong' })
  })

  test.each([undefined, '', 'short', 'has spaces in it', 'not-ascii-päßword'])('cannot be %j', (masterPassword) => {
    const wallet = openShop().open()
    expect(() => createHandler({ wallet, masterPassword })).toThrow(ConfigurationError)
    expect(() => createHandler({ wallet, masterPassword, masterPasswordHash: 'scrypt$1$2' })).toThrow(
      ConfigurationError,
    )
  })
})
