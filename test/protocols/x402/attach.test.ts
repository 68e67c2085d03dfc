import { describe, expect, test } from 'vitest'
import { type PaymentRequired, x402 } from '../../../src/index.js'
import vectors from '../../fixtures/x402-vectors.json' with { type: 'json' }
import { authorizationFor, challengeV2, decode, entryV2, headerMessage } from '../../support/challenges.ts'

const protocol = x402()

function parse(challenge: unknown): PaymentRequired {
  const required = protocol.parse(headerMessage(challenge))
  if (!required) throw new Error('expected a challenge')
  return required
}

describe('a v2 payment', () => {
  const [vector] = vectors.vectors
  const attach = (challenge: unknown): Readonly<Record<string, unknown>> =>
    decode(protocol.attach(parse(challenge), authorizationFor(parse(challenge))))

  test('is the header that the official packages write, byte for byte', () => {
    if (!vector) throw new Error('the vector is gone')
    const headers = new Headers({ 'PAYMENT-REQUIRED': vector.paymentRequiredHeader ?? '' })
    const required = protocol.parse({ headers, body: undefined })
    if (!required) throw new Error('expected a challenge')
    expect(required.raw).toEqual(vector.paymentRequired)
    expect(protocol.attach(required, authorizationFor(required, vector.paymentPayload.payload))).toEqual(vector.headers)
  })

  test('goes in a header that callers may not set themselves', () => {
    const required = parse(challengeV2())
    const names = Object.keys(protocol.attach(required, authorizationFor(required)))
    expect(names.map((name) => name.toLowerCase())).toEqual(protocol.paymentHeaders)
  })

  test('echoes the chosen entry and the resource to the letter', () => {
    const entry = entryV2({ asset: String(entryV2()['asset']).toLowerCase(), more: { b: 1, a: [null] } })
    const challenge = challengeV2({ accepts: [entry], resource: { url: '', tags: ['ü'], iconUrl: null } })
    const message = attach(challenge)
    expect(Object.keys(message)).toEqual(['x402Version', 'payload', 'resource', 'accepted'])
    expect(JSON.stringify(message['accepted'])).toBe(JSON.stringify(entry))
    expect(message['resource']).toEqual(challenge['resource'])
  })

  test.each([[null], [undefined]])('leaves out what the 402 gives as %s', (nothing) => {
    expect(Object.keys(attach(challengeV2({ resource: nothing, extensions: nothing })))).toEqual([
      'x402Version',
      'payload',
      'accepted',
    ])
  })

  test('echoes extensions as they came', () => {
    const extensions = {
      bazaar: { info: { input: { type: 'http' } }, schema: { properties: { a: { b: { c: { d: {} } } } } } },
      empty: null,
    }
    const message = attach(challengeV2({ extensions }))
    expect(Object.keys(message)).toEqual(['x402Version', 'payload', 'resource', 'accepted', 'extensions'])
    expect(JSON.stringify(message['extensions'])).toBe(JSON.stringify(extensions))
  })

  test('names itself where the server takes a payment-identifier, and changes nothing else', () => {
    const declared = { info: { required: true, more: 1 }, schema: { type: 'object' } }
    const extensions = { a: 1, 'payment-identifier': declared, b: 2 }
    const id = `pay_${'0'.repeat(32)}`
    expect(JSON.stringify(attach(challengeV2({ extensions }))['extensions'])).toBe(
      JSON.stringify({
        a: 1,
        'payment-identifier': { info: { required: true, more: 1, id }, schema: { type: 'object' } },
        b: 2,
      }),
    )
    expect(attach(challengeV2({ extensions: { 'payment-identifier': {} } }))['extensions']).toEqual({
      'payment-identifier': { info: { id } },
    })
  })

  test('fills in what a server has left empty, and nothing else', () => {
    const declared = { info: { id: null, required: true } }
    const extensions = { 'payment-identifier': declared }
    expect(JSON.stringify(attach(challengeV2({ extensions }))['extensions'])).toBe(
      JSON.stringify({ 'payment-identifier': { info: { id: `pay_${'0'.repeat(32)}`, required: true } } }),
    )
  })

  test.each([['x'], [null], [[]], [{ info: 'x' }], [{ info: [] }], [{ info: { id: 'own' } }]])(
    'leaves a payment-identifier of %j as it is',
    (declared) => {
      const extensions = { 'payment-identifier': declared }
      expect(attach(challengeV2({ extensions }))['extensions']).toEqual(extensions)
    },
  )

  test('cannot inject a header, whatever the server puts in its challenge', () => {
    const required = parse(
      challengeV2({ resource: { url: 'x\r\nSet-Cookie: a=b\0' }, extensions: { 'a\r\nb': '\r\n' } }),
    )
    const value = protocol.attach(required, authorizationFor(required))['PAYMENT-SIGNATURE']
    expect(value).toMatch(/^[A-Za-z0-9+/]+=*$/)
  })
})
