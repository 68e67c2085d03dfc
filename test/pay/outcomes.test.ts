import { expect, test } from 'vitest'
import { paymentTools } from '../../src/tools/index.js'
import { testKeyStore } from '../../src/testing/index.js'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/report'
const call = { key: 'thread-1.call-0' }

test('what one wallet has bought is not the answer of another that shares its ledger', async () => {
  const { open, taken } = openShop()
  const other = testKeyStore({ key: `0x${'11'.repeat(32)}` })
  const [one, two] = [open(), open({ keyStore: other })].map((wallet) => paymentTools(wallet).pay_fetch)
  expect(await one?.execute({ url }, call)).toMatchObject({ status: 'ok' })
  const bought = await two?.execute({ url }, call)
  expect(bought?.explanation).not.toContain('before')
  expect([other.signed.length, taken()]).toEqual([1, 20_000n])
  expect((await two?.execute({ url }, call))?.explanation).toContain('before')
  expect((await paymentTools(open()).pay_fetch.execute({ url }, call)).explanation).toContain('before')
  expect(taken()).toBe(20_000n)
})
