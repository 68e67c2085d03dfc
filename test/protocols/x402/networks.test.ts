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

describe('a network', () => {
  test.each([
    'base-sepolia',
    'EIP155:84532',
    'eip155:084532',
    'eip155:0x14a34',
    'eip155:84532 ',
    ' eip155:84532',
    'eip155:84532:1',
    'eip155:84532 evil',
    'eip155:84532\n',
    'eip155:+84532',
    'eip155:-84532',
    'eip155:84532n',
    'eip155:0',
    'eip155:９',
    'eip155:9999999999999999999',
    'eip155:',
    'eip155:*',
    'eip155',
    ':84532',
    'еip155:84532',
    '',
    84532,
    null,
  ])('of v2 that is %j is set aside, and never made to fit', (network) => {
    expect(reasonOf(readV2(entryV2({ network })))).toMatch('network is not a CAIP-2 id')
  })

  test.each([
    'eip155:1',
    'eip155:324705682',
    'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
    'stellar:pubnet',
    'hedera:mainnet',
    'keeta:21378',
  ])('of v2 that is %s is read as it is', (network) =>
    expect(readV2(entryV2({ network }))?.claims[0]?.network).toBe(network),
  )

  test.each([
    ['base', 'eip155:8453'],
    ['base-sepolia', 'eip155:84532'],
    ['polygon', 'eip155:137'],
    ['avalanche-fuji', 'eip155:43113'],
    ['solana', 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'],
    ['solana-devnet', 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'],
  ])('of v1 that is named %s is %s', (network, caip2) => {
    expect(readV1(entryV1({ network }))?.claims[0]?.network).toBe(caip2)
  })

  test.each(['eip155:84532', 'Base', 'base_sepolia', 'basesepolia', 'toString', '__proto__', 'constructor', 'mainnet'])(
    'of v1 that is named %s is set aside',
    (network) => expect(reasonOf(readV1(entryV1({ network })))).toBe('its network is not one of x402 version 1'),
  )

  test('of v1 with a name that cannot be shown is not shown', () => {
    expect(reasonOf(readV1(entryV1({ network: 'base ' })))).toMatch('network is not a short word')
  })
})
