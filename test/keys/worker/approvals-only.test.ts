import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EvmSigner } from '../../../src/index.js'
import { permit2, permit2Proxies } from '../../../src/evm/permit2.js'
import type { EvmTransaction } from '../../../src/evm/transaction.js'
import { importKeys, privateKey, workerSigner } from '../../../src/keys/index.js'
import { createKeyFolder, password } from '../../support/key-files.ts'
import { rejection } from '../../support/wallets.ts'

const path = createKeyFolder()('keys.json')
const key = '6b'.repeat(32)
const other = privateKey('6c'.repeat(32)).address
const refused = { code: 'configuration_invalid', message: 'Failed to sign: the data is no payment by this key' }

let worker: ReturnType<typeof workerSigner>
let evm: EvmSigner

beforeAll(async () => {
  await importKeys({ path, password, from: [{ privateKey: key }] })
  worker = workerSigner({ path, password })
  evm = (await worker.getSigner('eip155:8453')) as EvmSigner
})
afterAll(() => worker.close())

describe('a worker', () => {
  test('signs, of transactions, an approval of Permit2 for so much of a token', async () => {
    const here = (await privateKey(key).getSigner('eip155:8453')) as EvmSigner
    const signed = await evm.signTransaction?.(approving())
    expect(signed).toBe(await here.signTransaction?.(approving()))
    expect(signed).toMatch(/^0x02/)
  })

  const word = (value: bigint) => value.toString(16).padStart(64, '0')
  const approve = (spender: string, value: bigint) => `0x095ea7b3${word(BigInt(spender))}${word(value)}`
  test.each<[string, unknown]>([
    ['an approval of another spender', approving({ data: approve(other, 1n) })],
    ['an approval of a proxy', approving({ data: approve(permit2Proxies.exact, 1n) })],
    ['an approval without an end', approving({ data: approve(permit2, (1n << 256n) - 1n) })],
    ['an approval of 2^128', approving({ data: approve(permit2, 1n << 128n) })],
    ['more data', approving({ data: `${approve(permit2, 1n)}00` })],
    ['a higher allowance', approving({ data: approve(permit2, 1n).replace('095ea7b3', '39509351') })],
    ['a transfer', approving({ data: approve(permit2, 1n).replace('095ea7b3', 'a9059cbb') })],
    ['a transfer of the coin', approving({ data: '0x' })],
    ['some of the coin beside it', approving({ value: 1n })],
    ['a transaction of another chain', approving({ chainId: 1 })],
    ['one of another kind', approving({ type: 'legacy' })],
    ['more gas than an approval takes', approving({ gas: 200_001n })],
    ['gas for more than a hundredth of a coin', approving({ gas: 200_000n, maxFeePerGas: 50_000_000_001n })],
    ['a tip beyond the price', approving({ maxPriorityFeePerGas: 2_000_000_001n })],
    ['no contract', approving({ to: undefined })],
    ['a field more', approving({ accessList: [] })],
    ['nothing', undefined],
  ])('refuses to sign, as a transaction, %s', async (_what, transaction) => {
    expect(await rejection(evm.signTransaction?.(transaction as never) as never)).toMatchObject(refused)
  })
})

/** An approval of Permit2 for a cent of a token, with something of it changed. */
function approving(different: object = {}): EvmTransaction {
  const value = `${permit2.slice(2).toLowerCase().padStart(64, '0')}${10_000n.toString(16).padStart(64, '0')}`
  return {
    type: 'eip1559',
    chainId: 8453,
    nonce: 5,
    maxPriorityFeePerGas: 1_000_000n,
    maxFeePerGas: 2_000_000_000n,
    gas: 60_000n,
    to: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
    value: 0n,
    data: `0x095ea7b3${value}`,
    ...different,
  }
}
