import { describe, expect, test } from 'vitest'
import { x402V1 } from '../../../src/index.js'
import vectors from '../../fixtures/x402-vectors.json' with { type: 'json' }
import {
  authorizationFor,
  bodyMessage,
  challengeV1,
  challengeV2,
  encode,
  entryV1,
  isDeepFrozen,
  problemOf,
} from '../../support/challenges.ts'

const protocol = x402V1()

const problem = (body: unknown): string => problemOf(() => protocol.parse(bodyMessage(body)))

describe('a v1 challenge', () => {
  test('is read into claims of CAIP-2 networks, and kept as it came', () => {
    const required = protocol.parse(bodyMessage(challengeV1()))
    const { scheme, asset, payTo, maxTimeoutSeconds, extra, maxAmountRequired } = entryV1()
    const amount = BigInt(String(maxAmountRequired))
    expect(required).toEqual({
      protocol: 'x402-v1',
      claims: [
        {
          scheme,
          asset,
          payTo,
          maxTimeoutSeconds,
          extra,
          index: 0,
          amount,
          network: 'eip155:84532',
          backdateSeconds: 600,
          takesMemo: false,
          raw: entryV1(),
        },
      ],
      setAside: [],
      raw: challengeV1(),
    })
    expect(isDeepFrozen(required)).toBe(true)
  })

  test.each([0, 3, '1', 1.5, '2', 2.5, null, true])('of the version %j is refused', (x402Version) => {
    expect(problem(challengeV1({ x402Version }))).toMatch(/x402Version is .+, not the number 1/)
  })

  test('of version 2 is refused: that belongs in a header', () => {
    expect(problem(challengeV2())).toMatch('x402 version 2 is in the body, without its header')
  })

  test.each([
    ['cut off', JSON.stringify(challengeV1()).slice(0, -1)],
    ['followed by more', `${JSON.stringify(challengeV1())}\n{}`],
    ['behind a byte order mark', `\ufeff${JSON.stringify(challengeV1())}`],
    ['with a key that comes twice', JSON.stringify(challengeV1()).replace('"payTo"', '"payTo":"x","payTo"')],
    ['with a key of the prototype', JSON.stringify(challengeV1()).replace('"extra":{', '"extra":{"__proto__":{},')],
    ['in a list', JSON.stringify([challengeV1()])],
    ['in a string', JSON.stringify(JSON.stringify(challengeV1()))],
    ['inside another object', JSON.stringify({ detail: challengeV1() })],
    ['with a number that overflows', JSON.stringify(challengeV1()).replace('60', '1e400')],
  ])('that is not exactly one is refused: %s', (_what, body) =>
    expect(problem(body)).toMatch(/^Failed to read the 402: /),
  )

  test.each([[undefined], [null], [{}]])('whose accepts are %j is refused', (accepts) => {
    expect(problem(challengeV1({ accepts }))).toMatch('accepts is not a list of offers')
  })

  test('that offers nothing is not for us', () => {
    expect(protocol.parse(bodyMessage(challengeV1({ accepts: [] })))).toBeUndefined()
  })

  test('may have an output schema that is deep', () => {
    const outputSchema = JSON.parse(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`) as unknown
    expect(protocol.parse(bodyMessage(challengeV1({ accepts: [entryV1({ outputSchema })] })))?.claims).toHaveLength(1)
  })
})

describe('a 402 that is no v1 challenge', () => {
  test.each([
    ['without a body', undefined],
    ['that is empty', ''],
    ['with plain text', 'Payment required'],
    ['with prose about x402', 'Send {"x402Version":1} in a header'],
    ['with other JSON', '{"error":"payment required","accepts":[{}]}'],
    ['with HTML', '<!doctype html><p>Pay here</p>'],
    ['with a paywall for people', `\n<script>window.x402 = ${JSON.stringify(challengeV1())}</script>`],
  ])('is not for us: %s', (_what, body) => expect(protocol.parse({ headers: new Headers(), body })).toBeUndefined())

  test.each(['payment-response', 'x-payment-response'])('is not for us, when it has a %s header', (name) => {
    const headers = new Headers({ [name]: encode({ success: false }) })
    expect(protocol.parse({ headers, body: JSON.stringify(challengeV1()) })).toBeUndefined()
  })
})

describe('a v1 payment', () => {
  test('is the header that the official packages write, byte for byte', () => {
    const vector = vectors.vectors[1]
    const required = protocol.parse(bodyMessage(vector?.paymentRequired))
    if (!required || !vector) throw new Error('expected a challenge')
    const headers = protocol.attach(required, authorizationFor(required, vector.paymentPayload.payload))
    expect(headers).toEqual(vector.headers)
    expect(Object.keys(headers).map((name) => name.toLowerCase())).toEqual(protocol.paymentHeaders)
  })
})
