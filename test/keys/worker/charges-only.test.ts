import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EvmSigner, TempoCharge } from '../../../src/index.js'
import { importKeys, privateKey, workerSigner } from '../../../src/keys/index.js'
import { sampleCharge } from '../../../src/testing/keys/samples.js'
import { createKeyFolder, password } from '../../support/key-files.ts'
import { rejection } from '../../support/wallets.ts'

const path = createKeyFolder()('keys.json')
const key = '6b'.repeat(32)
const refused = { code: 'configuration_invalid', message: 'Failed to sign: the data is no payment by this key' }

let worker: ReturnType<typeof workerSigner>
let evm: EvmSigner

beforeAll(async () => {
  await importKeys({ path, password, from: [{ privateKey: key }] })
  worker = workerSigner({ path, password })
  evm = (await worker.getSigner('eip155:42431')) as EvmSigner
})
afterAll(() => worker.close())

/** A transfer of a cent, with something of it changed. */
const charging = (different: object = {}): TempoCharge => ({ ...sampleCharge(10_000n), chainId: 42431, ...different })

describe('a worker', () => {
  test('signs one transfer of a token of Tempo, whoever pays its fee', async () => {
    const here = (await privateKey(key).getSigner('eip155:42431')) as EvmSigner
    for (const charge of [charging(), charging({ isSponsored: false })])
      expect(await evm.signCharge?.(charge)).toBe(await here.signCharge?.(charge))
  })

  test.each<[string, unknown]>([
    ['a transfer of another chain', charging({ chainId: 4217 })],
    ['one of 2^128', charging({ amount: 1n << 128n })],
    ['one of less than nothing', charging({ amount: -1n })],
    ['an amount that is no bigint', charging({ amount: 10_000 })],
    ['a memo with a call behind it', charging({ memo: `0x${'11'.repeat(36)}` })],
    ['a payee with more behind it', charging({ payee: `0x${'11'.repeat(32)}` })],
    ['no token', charging({ token: undefined })],
    ['a token by a name', charging({ token: 'pathUSD' })],
    ['a transfer without an end', charging({ validBefore: undefined })],
    ['an end that is no whole number', charging({ validBefore: 1.5 })],
    ['a fee of more than a dollar', charging({ gas: 1_000_000n, maxFeePerGas: 1_000_000_000_001n })],
    ['a tip beyond the price', charging({ maxPriorityFeePerGas: 25_000_000_001n })],
    ['what does not say who pays the fee', charging({ isSponsored: undefined })],
    ['a call more', charging({ calls: [] })],
    ['another nonce', charging({ nonceKey: 1n })],
    ['a key that may sign too', charging({ keyAuthorization: {} })],
    ['nothing', undefined],
  ])('refuses to sign, as a transfer of Tempo, %s', async (_what, charge) => {
    expect(await rejection(evm.signCharge?.(charge as never) as never)).toMatchObject(refused)
  })
})
