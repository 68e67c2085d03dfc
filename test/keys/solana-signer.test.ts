import { Keypair, VersionedTransaction } from '@solana/web3.js'
import { describe, expect, test } from 'vitest'
import type { SolanaSigner } from '../../src/index.js'
import { type SolanaWallet, solanaSigner } from '../../src/keys/index.js'
import { sampleMessage } from '../../src/testing/keys/samples.js'

const pair = Keypair.fromSeed(new Uint8Array(32).fill(3))
const other = Keypair.fromSeed(new Uint8Array(32).fill(4))
const message = sampleMessage(pair.publicKey.toBase58(), 1n)
const network = 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'

async function signerOf(wallet: SolanaWallet<VersionedTransaction>): Promise<SolanaSigner> {
  const signer = await solanaSigner(wallet).getSigner(network)
  if (signer?.namespace !== 'solana') throw new Error('no Solana signer')
  return signer
}

const deserialize = (bytes: Uint8Array): VersionedTransaction => VersionedTransaction.deserialize(bytes)

describe('a Solana signer', () => {
  test('shows a wallet the whole transaction of the message, to the byte, and takes its signature out of it', async () => {
    const shown: Uint8Array[] = []
    const signer = await signerOf({
      publicKey: pair.publicKey,
      deserialize,
      signTransaction: async (transaction) => {
        shown.push(transaction.message.serialize())
        transaction.sign([pair])
        return transaction
      },
    })
    const here = await signerOf(pair)
    expect(await signer.signMessage(message)).toEqual(await here.signMessage(message))
    expect(shown).toEqual([message])
  })

  test('says of a wallet that what it throws proves nothing, and of a key pair that it does', async () => {
    const signMessage = () => Promise.reject(new Error('closed by the user'))
    expect((await signerOf({ publicKey: pair.publicKey, signMessage })).throwsUnsigned).toBeUndefined()
    expect((await signerOf(pair)).throwsUnsigned).toBe(true)
  })

  test('asks no wallet for a message that needs no signature of it', async () => {
    const asked: unknown[] = []
    const signer = await signerOf({
      publicKey: other.publicKey,
      deserialize,
      signTransaction: async (transaction) => {
        asked.push(transaction)
        return transaction
      },
    })
    await expect(signer.signMessage(message)).rejects.toMatchObject({ code: 'configuration_invalid' })
    expect(asked).toEqual([])
  })

  test.each<[string, unknown]>([
    ['whose secret key is of another address', { publicKey: other.publicKey, secretKey: pair.secretKey }],
    ['whose secret key is cut off', { publicKey: pair.publicKey, secretKey: pair.secretKey.slice(0, 32) }],
    ['whose address is none', { publicKey: 'agent', signMessage: async () => new Uint8Array() }],
    ['whose address has 31 bytes', { publicKey: new Uint8Array(31), signMessage: async () => new Uint8Array() }],
  ])('is not made of a wallet %s', (_what, wallet) => {
    expect(() => solanaSigner(wallet as SolanaWallet)).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })
})
