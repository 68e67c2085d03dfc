import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'
import { describe, expect, test } from 'vitest'
import { narrowToken, type SessionScope } from '../../src/index.js'
import { testKeyStore } from '../../src/testing/index.js'
import { openShop } from '../support/shop.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/'
const invalid = expect.objectContaining({ code: 'session_invalid', moved: 'no' })
const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')
const encode = (text: string | Uint8Array): string => Buffer.from(text).toString('base64url')
const decode = (text: string): Uint8Array => Buffer.from(text, 'base64url')

/** Narrows a token as its holder could by hand, without this library's checks. */
function append(token: string, text: string): string {
  const [mac = '', ...others] = token.split('.').toReversed()
  return [...others.toReversed(), encode(text), encode(hmac(sha256, decode(mac), bytes(text)))].join('.')
}

function caveats(fields: object): string {
  return JSON.stringify({ nonce: '0'.repeat(32), ...fields })
}

async function makeToken(scope: SessionScope = {}) {
  const shop = openShop()
  const wallet = shop.open()
  const session = wallet.session(scope)
  return { ...shop, wallet, session, token: await session.token() }
}

describe('a token', () => {
  test('is the same session in any process that shares the ledger: its name, its limits and what it has spent', async () => {
    const { session, token, open, taken } = await makeToken({ limits: { totalLimitUsd: '0.03' } })
    await session.fetch(url)
    const there = await open().openSession(token)
    expect(there.id).toBe(session.id)
    expect(await there.token()).toBe(token)
    await Promise.allSettled(Array.from({ length: 5 }, () => there.fetch(url, { payment: { repeatable: true } })))
    expect(taken()).toBe(30_000n)
    expect(await there.payments.list()).toHaveLength(3)
  })

  test('begins with what its owner likes', async () => {
    const { open } = openShop()
    const wallet = open({ sessionTokenPrefix: 'wai_sess_' })
    const token = await wallet.session({}).token()
    expect(token).toMatch(/^wai_sess_[\w-]+\.[\w-]+$/)
    expect((await wallet.openSession(narrowToken(token, { maxPayments: 1 }))).id).toMatch(/^ses_/)
    expect(await rejection(open().openSession(token))).toEqual(invalid)
    expect(() => open({ sessionTokenPrefix: 'with space ' })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })

  test('can be narrowed by its holder alone, and spends from what it was made from', async () => {
    const { token, open, taken, wallet } = await makeToken({ limits: { totalLimitUsd: '0.05' } })
    const small = narrowToken(token, { limits: { totalLimitUsd: '0.02' }, allowHosts: ['shop.example.com'] })
    const holders = [await open().openSession(small), await open().openSession(narrowToken(small, { maxPayments: 1 }))]
    const [wide, narrow] = holders
    expect(await rejection(narrow?.fetch('https://api.data.example/') ?? Promise.resolve())).toMatchObject({
      code: 'payment_denied',
    })
    await narrow?.fetch(url)
    expect(await rejection(narrow?.fetch(url) ?? Promise.resolve())).toMatchObject({ code: 'limit_exceeded' })
    await wide?.fetch(url)
    expect(await rejection(wide?.fetch(url) ?? Promise.resolve())).toMatchObject({ code: 'limit_exceeded' })
    await Promise.allSettled(Array.from({ length: 5 }, () => wallet.openSession(token).then((one) => one.fetch(url))))
    expect(taken()).toBeLessThanOrEqual(50_000n)
  })

  test('of more parts than any session has is refused before any of them is hashed', async () => {
    const { wallet } = await makeToken()
    for (const parts of ['.'.repeat(8000), '.AA'.repeat(2600)]) {
      expect(await rejection(wallet.openSession(`stipend_${parts}`))).toMatchObject({
        code: 'session_invalid',
        message: expect.stringContaining('narrowed more than 8 times'),
      })
    }
  })

  test('is refused when a single character of it is another', async () => {
    const { token, wallet } = await makeToken({ maxPayments: 2 })
    for (let index = 0; index < token.length; index += 1) {
      const other = token[index] === 'A' ? 'B' : 'A'
      const forged = token.slice(0, index) + other + token.slice(index + 1)
      expect(await rejection(wallet.openSession(forged)), `at ${index}`).toEqual(invalid)
    }
  })

  test.each<[string, (token: string) => string]>([
    ['nothing', () => ''],
    ['its prefix', () => 'stipend_'],
    ['a dot', () => 'stipend_.'],
    ['no MAC', (token) => token.slice(0, token.lastIndexOf('.'))],
    ['an empty MAC', (token) => token.slice(0, token.lastIndexOf('.') + 1)],
    ['a short MAC', (token) => token.slice(0, -4)],
    ['a long MAC', (token) => `${token}AAAA`],
    ['one more part', (token) => `${token}.${token.split('.').at(-1)}`],
    ['white space', (token) => `${token} `],
    ['padding', (token) => `${token}=`],
    ['no algorithm', () => `stipend_${encode('{"alg":"none"}')}.${encode(caveats({}))}.`],
    ['a number', () => 42 as never],
    ['an object', () => ({ toString: () => 'stipend_' }) as never],
  ])('is refused when it is %s', async (_what, forge) => {
    const { token, wallet } = await makeToken()
    expect(await rejection(wallet.openSession(forge(token)))).toEqual(invalid)
  })

  test('is refused when a caveat is taken away, put elsewhere or said twice', async () => {
    const { session, wallet } = await makeToken({ maxPayments: 3 })
    const token = await session.session({ maxPayments: 2 }).session({ maxPayments: 1 }).token()
    const [one = '', two = '', three = '', mac = ''] = token.slice('stipend_'.length).split('.')
    for (const parts of [
      [one, two],
      [one, three],
      [two, three],
      [two, one, three],
      [one, two, two, three],
      [three],
      [],
    ])
      expect(await rejection(wallet.openSession(`stipend_${[...parts, mac].join('.')}`))).toEqual(invalid)
    expect((await wallet.openSession(token)).id).toMatch(/^ses_/)
  })

  test.each([
    ['a caveat that is not known', caveats({ onlyOnSundays: true })],
    ['a limit that is not known', caveats({ limits: { weeklyLimitUsd: 1 } })],
    ['a caveat said twice', '{"nonce":"00000000000000000000000000000000","maxPayments":0,"maxPayments":9}'],
    ['a prototype', '{"nonce":"00000000000000000000000000000000","__proto__":{"maxPayments":9}}'],
    ['no JSON', 'maxPayments=1'],
    ['a list', '[]'],
    ['an expiry of nothing', caveats({ expiresAt: 0 })],
    ['an expiry that is a string', caveats({ expiresAt: '2026-01-01' })],
    ['an expiry beyond exact numbers', caveats({ expiresAt: 2 ** 53 + 2 })],
    ['an amount without end', caveats({ limits: { totalLimitUsd: '1e99' } })],
    ['more than it was made from', caveats({ maxPayments: 4 })],
    ['a host of its own choice', caveats({ allowHosts: ['evil.example'] })],
  ])('is refused when its holder added %s', async (_what, text) => {
    const { token, wallet } = await makeToken({ maxPayments: 3, allowHosts: ['shop.example.com'] })
    expect(await rejection(wallet.openSession(append(token, text)))).toEqual(invalid)
    expect((await wallet.openSession(append(token, caveats({ maxPayments: 3 })))).id).toMatch(/^ses_/)
  })

  test('is refused by a wallet with another key', async () => {
    const { token, ledger, open } = await makeToken()
    const other = testKeyStore({ key: `0x${'1'.repeat(64)}` })
    expect(await rejection(open({ keyStore: other, ledger }).openSession(token))).toEqual(invalid)
  })

  test('is refused to whom it is not for', async () => {
    const { token, wallet } = await makeToken({ audience: 'worker-1' })
    expect(await rejection(wallet.openSession(token))).toEqual(invalid)
    expect(await rejection(wallet.openSession(token, { audience: 'worker-2' }))).toEqual(invalid)
    const session = await wallet.openSession(token, { audience: 'worker-1' })
    const narrowed = append(await session.token(), caveats({ audience: 'worker-2' }))
    expect(await rejection(wallet.openSession(narrowed, { audience: 'worker-2' }))).toEqual(invalid)
  })

  test('is refused once it has expired', async () => {
    const { token, wallet, scene } = await makeToken({ expiresAt: new Date(Date.UTC(2026, 0, 2)) })
    expect((await wallet.openSession(token)).expiresAt).toBe(Date.UTC(2026, 0, 2))
    scene.now = Date.UTC(2026, 0, 2)
    expect(await rejection(wallet.openSession(token))).toEqual(invalid)
  })

  test('can be narrowed seven times, and no more', async () => {
    const { token, wallet } = await makeToken()
    let [long, last] = [token, token]
    for (let times = 0; times < 7; times += 1) [last, long] = [long, narrowToken(long, { maxPayments: 9 })]
    const session = await wallet.openSession(long)
    expect(() => session.session({})).toThrow(expect.objectContaining({ code: 'configuration_invalid' }))
    expect(await rejection(wallet.openSession(narrowToken(long, {})))).toEqual(invalid)
    expect(last).not.toBe(long)
  })

  test('longer than 8 KiB is not looked at, and a thousand caveats cost nothing', async () => {
    const { token, wallet } = await makeToken()
    let long = token
    for (let times = 0; times < 1000; times += 1) long = append(long, caveats({ maxPayments: 1 }))
    expect(await rejection(wallet.openSession(long))).toEqual(invalid)
    expect(await rejection(wallet.openSession(`stipend_${'A'.repeat(1_000_000)}`))).toEqual(invalid)
    expect(() => narrowToken(long, {})).toThrow(invalid)
  })

  test('is in no error that it causes', async () => {
    const { token, wallet } = await makeToken()
    const error = await rejection(wallet.openSession(`${token}x`))
    const mac = token.split('.').at(-1) ?? token
    expect(`${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toContain(mac)
  })
})
