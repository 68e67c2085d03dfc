import { describe, expect, test } from 'vitest'
import { x402, x402V1 } from '../../../src/index.js'
import type { PaymentRequired } from '../../../src/types.js'
import {
  bodyMessage,
  challengeV1,
  challengeV2,
  entryV1,
  entryV2,
  headerMessage,
  isDeepFrozen,
  type Json,
} from '../../support/challenges.ts'

type Read = PaymentRequired | undefined

const readV2 = (...accepts: readonly unknown[]): Read => x402().parse(headerMessage(challengeV2({ accepts })))
const readV1 = (...accepts: readonly unknown[]): Read => x402V1().parse(bodyMessage(challengeV1({ accepts })))

/** Answers why the one entry of a challenge is set aside. */
function reasonOf(read: Read): string {
  const [aside, ...others] = read?.setAside ?? []
  if (!aside || others.length > 0 || read?.claims.length !== 0 || !isDeepFrozen(read)) return 'it is not set aside'
  return aside.reason
}

/** Runs for both versions; the amount and the network have other names and values there. */
const both = [
  ['v2', (different: Json) => readV2(entryV2(different)), 'amount'],
  ['v1', (different: Json) => readV1(entryV1(different)), 'maxAmountRequired'],
] as const

describe.each(both)('an entry of %s', (_version, read, amount) => {
  test.each([
    ['a JSON number', 10_000],
    ['negative', '-1'],
    ['with an exponent', '1e3'],
    ['with a point', '1.0'],
    ['with a separator', '1_000'],
    ['a bigint literal', '12n'],
    ['hexadecimal', '0x10'],
    ['in full-width digits', '１０'],
    ['in Arabic digits', '١٢'],
    ['in digits of two kinds', '1０'],
    ['with leading zeros', '007'],
    ['zero', '0'],
    ['empty', ''],
    ['with a space', ' 1'],
    ['with a line break', '1\n'],
    ['with a sign', '+1'],
    ['80 digits long', '9'.repeat(80)],
    ['2000 digits long', '9'.repeat(2000)],
    ['null', null],
    ['missing', undefined],
    ['a list', ['1']],
  ])('whose amount is %s is set aside', (_what, value) => {
    expect(reasonOf(read({ [amount]: value }))).toMatch(
      `${amount} is not a whole positive number of atomic units in a string`,
    )
  })

  test.each([2n ** 256n, 10n ** 78n - 1n])('whose amount is beyond 256 bits is set aside: %i', (value) => {
    expect(reasonOf(read({ [amount]: value.toString() }))).toMatch(`${amount} is more than a token can hold`)
  })

  test.each([1n, 2n ** 64n, 2n ** 256n - 1n])('is read to the last unit: %i', (value) => {
    expect(read({ [amount]: value.toString() })?.claims[0]?.amount).toBe(value)
  })

  test.each([
    [0, 'is not a positive number'],
    [-1, 'is not a positive number'],
    [0.5, 'is not a whole number'],
    ['60', 'is not a whole number'],
    [null, 'is not a whole number'],
    [undefined, 'is not a whole number'],
  ])('whose maxTimeoutSeconds is %j is set aside', (maxTimeoutSeconds, reason) => {
    expect(reasonOf(read({ maxTimeoutSeconds }))).toMatch(`maxTimeoutSeconds ${reason}`)
  })

  test('may claim any whole number of seconds, for the scheme to cap', () => {
    expect(read({ maxTimeoutSeconds: 1e9 })?.claims[0]?.maxTimeoutSeconds).toBe(1e9)
  })

  test.each(['asset', 'payTo', 'scheme'])('whose %s is no printable word is set aside', (field) => {
    const texts = [
      '',
      ' ',
      'a b',
      'a\0',
      'a\r\nSet-Cookie: x',
      'a\u202eb',
      'a\u200bb',
      'USDС',
      'x'.repeat(129),
      1,
      null,
      undefined,
      {},
    ]
    for (const value of texts) expect(reasonOf(read({ [field]: value }))).toMatch(`${field} is not `)
  })

  test.each(['escrow', 'barter', 'Upfront', '', 1, {}, true])(
    'with the payment flow %j is set aside',
    (paymentFlow) => {
      expect(reasonOf(read({ extra: { paymentFlow } }))).toBe('its payment flow is not supported')
      expect(reasonOf(read({ paymentFlow }))).toBe('its payment flow is not supported')
    },
  )

  test.each([
    [{ paymentFlow: 'authorization', extra: { paymentFlow: 'upfront' } }],
    [{ paymentFlow: 'upfront', extra: { paymentFlow: 'authorization' } }],
    [{ paymentFlow: 'upfront', extra: { paymentFlow: 'escrow' } }],
  ])('that says two payment flows is set aside', (entry) => {
    expect(reasonOf(read(entry))).toBe('its payment flow is not supported')
  })

  test.each(['authorization', null, undefined])('with the payment flow %j is read', (paymentFlow) => {
    expect(read({ extra: { paymentFlow } })?.claims).toHaveLength(1)
    expect(read({ paymentFlow })?.claims).toHaveLength(1)
  })

  test.each([[null], [undefined]])('whose extra is %s has an empty one', (extra) => {
    expect(read({ extra })?.claims[0]?.extra).toEqual({})
  })

  test.each([[[]], ['x'], [1]])('whose extra is %j is set aside', (extra) =>
    expect(reasonOf(read({ extra }))).toMatch('extra is not an object'),
  )

  test('keeps in extra what its scheme will judge', () => {
    const extra = { name: 'USDC', version: '2', assetTransferMethod: 'erc7710', unknown: [1, { a: null }] }
    expect(read({ extra })?.claims[0]?.extra).toEqual(extra)
  })

  test('that has the amounts of two versions is set aside, as it can be read as two prices', () => {
    const other = amount === 'amount' ? 'maxAmountRequired' : 'amount'
    expect(reasonOf(read({ [other]: '1' }))).toMatch(`${other} belongs to another version of x402`)
  })

  test('may have fields that we do not know, which are kept to be echoed', () => {
    const claim = read({ description: 'a report', outputSchema: null, mimeType: null, more: [1] })?.claims[0]
    expect(claim?.raw).toMatchObject({ description: 'a report', outputSchema: null, more: [1] })
  })
})

describe('an entry that says when the money is taken', () => {
  test('before the work, is read as that in version 2, and set aside in version 1', () => {
    const [flow, extra] = [{ paymentFlow: 'upfront' }, { extra: { paymentFlow: 'upfront' } }]
    for (const entry of [flow, extra, { ...extra, paymentFlow: null }]) {
      expect(readV2(entryV2(entry))?.claims).toMatchObject([{ flow: 'upfront' }])
      expect(reasonOf(readV1(entryV1(entry)))).toBe('its payment flow is not supported')
    }
  })
})

describe('a list of entries', () => {
  test.each([null, 'x', 1, [], [entryV2()]])('sets %j aside and reads the others', (entry) => {
    const read = readV2(entry, entryV2())
    expect(read?.claims.map(({ index }) => index)).toEqual([1])
    expect(read?.setAside).toMatchObject([{ index: 0, reason: expect.any(String) }])
  })

  test('may hold families that we do not know, and the same entry twice', () => {
    const fiat = { scheme: 'exact', network: 'cloudflare:402', amount: '1', asset: 'USD', payTo: 'merchant' }
    const algorand = entryV2({ network: 'algorand:wGHE2Pwdvd7S12BL5FaOP20EGYesN73ktiC1qzkkit8=' })
    const xrpl = entryV2({ network: 'xrpl:0', amount: '0.25' })
    const stellar = entryV2({ network: 'stellar:pubnet' })
    const read = readV2(fiat, algorand, entryV2(), xrpl, stellar, entryV2())
    expect(read?.claims.map(({ index, network }) => `${index} ${network}`)).toEqual([
      '2 eip155:84532',
      '4 stellar:pubnet',
      '5 eip155:84532',
    ])
    expect(read?.setAside.map(({ index }) => index)).toEqual([0, 1, 3])
  })

  test('keeps what a server wrote of what it sets aside in fields that say so, cut short', () => {
    const read = readV2(entryV2({ amount: '0' }), entryV2({ network: 'a\u202eb', scheme: 'x'.repeat(65) }))
    expect(read?.setAside).toMatchObject([
      { index: 0, untrustedScheme: 'exact', untrustedNetwork: 'eip155:84532' },
      { index: 1, untrustedScheme: 'x'.repeat(64), untrustedNetwork: 'ab' },
    ])
  })
})
