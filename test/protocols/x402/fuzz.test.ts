import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MalformedMessageError, type PaymentRequired, x402, x402V1 } from '../../../src/index.js'
import type { Message, Protocol } from '../../../src/ports/protocol.js'
import type { OfferClaim } from '../../../src/types.js'
import {
  authorizationFor,
  challengeV1,
  challengeV2,
  decode,
  encode,
  entryV1,
  entryV2,
  isDeepFrozen,
} from '../../support/challenges.ts'

/** A busy machine tries fewer rather than fail. */
const runs = { numRuns: 2000, interruptAfterTimeLimit: 10_000 }
const protocols = [x402(), x402V1()]

/** Names what is out of bounds in what the protocols make of a 402: offers, nothing or a refusal, and nothing else. */
function flawsOf(header: string | undefined, body: string | undefined): readonly string[] {
  return protocols.flatMap((protocol) => {
    try {
      const required = protocol.parse(messageOf(header, body))
      return required ? [...flawsOfRequired(required), ...flawsOfEcho(protocol, required)] : []
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) return [`it throws ${String(error)}`]
      return /^[ -~]{1,400}$/.test(error.message) ? [] : ['its error shows what the server wrote']
    }
  })
}

function flawsOfRequired(required: PaymentRequired): readonly string[] {
  const { claims, setAside } = required
  const flaws = claims.filter((claim) => !isWithinBounds(claim)).map((claim) => `claim ${claim.index} is out of bounds`)
  const indices = [...claims, ...setAside].map(({ index }) => index).toSorted((one, other) => one - other)
  if (indices.length < 1 || indices.length > 64) flaws.push('its length is out of bounds')
  if (indices.some((index, place) => index !== place)) flaws.push('an entry is lost')
  if (setAside.some(({ reason }) => !/^[ -~]{1,200}$/.test(reason)))
    flaws.push('an entry set aside shows what the server wrote')
  if (!isDeepFrozen(required)) flaws.push('it is not frozen')
  return flaws
}

function isWithinBounds({ amount, maxTimeoutSeconds, network, scheme, asset, payTo }: OfferClaim): boolean {
  return (
    amount > 0n &&
    amount < 2n ** 256n &&
    Number.isSafeInteger(maxTimeoutSeconds) &&
    maxTimeoutSeconds > 0 &&
    /^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,44}$/.test(network) &&
    [scheme, asset, payTo].every((word) => /^[!-~]{1,128}$/.test(word))
  )
}

function flawsOfEcho(protocol: Protocol, required: PaymentRequired): readonly string[] {
  if (!required.claims.some(({ network, asset }) => network === entryV2()['network'] && asset === entryV2()['asset']))
    return []
  const authorization = authorizationFor(required)
  const headers = protocol.attach(required, authorization)
  if (!/^[A-Za-z0-9+/]+=*$/.test(Object.values(headers).join())) return ['its header is not base64']
  const { accepted } = decode(headers)
  const isEcho = protocol.name !== 'x402' || JSON.stringify(accepted) === JSON.stringify(authorization.offer.raw)
  return isEcho ? [] : ['what it accepts is not what was offered']
}

/** What cannot stand in a header never arrives in one. */
function messageOf(header: string | undefined, body: string | undefined): Message {
  try {
    return { headers: new Headers(header === undefined ? {} : { 'PAYMENT-REQUIRED': header }), body }
  } catch {
    return { headers: new Headers(), body }
  }
}

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    '0',
    '-1',
    '1０',
    '1e9',
    1e9,
    -1,
    0.5,
    2 ** 53,
    [],
    {},
    '\u202e',
    'x'.repeat(3000),
    'base',
    'eip155:1',
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

const fields = [...new Set(Object.keys({ ...entryV1(), ...entryV2(), paymentFlow: 1, outputSchema: 1 }))]
const entryChange = fc.dictionary(fc.constantFrom(...fields), junk, { maxKeys: 2 })
const challengeChange = fc.dictionary(fc.constantFrom('x402Version', 'resource', 'extensions', 'error', 'more'), junk, {
  maxKeys: 1,
})

const entryChanges = fc.oneof(
  { weight: 9, arbitrary: fc.array(entryChange, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(entryChange, { minLength: 15, maxLength: 18 }) },
)

/** Challenges that are right but for a field or two. */
const nearly = (version: 1 | 2) =>
  fc.tuple(entryChanges, challengeChange).map(([changes, change]) => {
    const accepts = changes.map((one) => (version === 1 ? entryV1(one) : entryV2(one)))
    return JSON.stringify(version === 1 ? challengeV1({ accepts, ...change }) : challengeV2({ accepts, ...change }))
  })

const piece = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('"amount":"1",', '{', '}', '\\', '"', ','))

/** A text with a piece of it cut out and another put in. */
const cut = (text: string) =>
  fc
    .tuple(fc.nat(text.length), fc.nat(40), piece)
    .map(([start, length, inserted]) => text.slice(0, start) + inserted + text.slice(start + length))

describe('whatever a server sends', () => {
  test('any bytes give offers, nothing or a refusal', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((one) => Buffer.from(one))
    const header = fc.oneof(
      bytes.map((one) => one.toString('latin1')),
      bytes.map((one) => one.toString('base64')),
      fc.json().map(encode),
    )
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.json().map((one) => `{"x402Version":1,"accepts":${one}}`),
    )
    fc.assert(
      fc.property(fc.option(header, { nil: undefined }), fc.option(body, { nil: undefined }), (...message) => {
        expect(flawsOf(...message)).toEqual([])
      }),
      runs,
    )
  })

  test('a challenge that is nearly right gives offers, nothing or a refusal', () => {
    fc.assert(
      fc.property(nearly(2), nearly(1), (header, body) => {
        expect([...flawsOf(encode(header), body), ...flawsOf(undefined, body)]).toEqual([])
      }),
      runs,
    )
  })

  test('a challenge that was cut or spliced gives offers, nothing or a refusal', () => {
    const [header, body] = [challengeV2({ extensions: { 'payment-identifier': { info: {} } } }), challengeV1()]
    fc.assert(
      fc.property(cut(JSON.stringify(header)), cut(JSON.stringify(body)), (v2, v1) => {
        expect([...flawsOf(encode(v2), v1), ...flawsOf(v2, undefined), ...flawsOf(undefined, v1)]).toEqual([])
      }),
      runs,
    )
  })

  test('the order of its entries changes nothing but their index', () => {
    const entries = [
      entryV2(),
      entryV2({ amount: '5' }),
      entryV2({ network: 'stellar:pubnet' }),
      entryV2({ amount: '0' }),
    ]
    const read = (accepts: readonly unknown[]): readonly string[] => {
      const required = x402().parse(messageOf(encode(challengeV2({ accepts })), undefined))
      return (required?.claims ?? []).map(({ amount, network }) => `${amount} ${network}`).toSorted()
    }
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: 4 }), (accepts) => {
        expect(read(accepts)).toEqual(['10000 eip155:84532', '10000 stellar:pubnet', '5 eip155:84532'])
      }),
      { numRuns: 100 },
    )
  })
})
