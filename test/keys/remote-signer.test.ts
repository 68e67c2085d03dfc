import { secp256k1 } from '@noble/curves/secp256k1'
import { ed25519 } from '@noble/curves/ed25519'
import { base58 } from '@scure/base'
import { PublicKey } from '@solana/web3.js'
import { describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, type EvmSigner, memoryLedger, spendingLimit } from '../../src/index.js'
import { type RemoteSignerOptions, privateKey, remoteSigner } from '../../src/keys/index.js'
import { sampleCharge, sampleMessage, sampleTransfer } from '../../src/testing/keys/samples.js'
import { paidResource } from '../../src/testing/index.js'
import { rejection } from '../support/wallets.ts'

const key = new Uint8Array(32).fill(0x6b)
const { address } = privateKey(key)
const solanaAddress = base58.encode(ed25519.getPublicKey(key))
const [offCurve] = PublicKey.findProgramAddressSync([new Uint8Array(1)], PublicKey.default)
const order = secp256k1.CURVE.n
type Sign = RemoteSignerOptions['sign']

async function signTyped(sign: Sign): Promise<string> {
  const signer = await remoteSigner({ address, sign }).getSigner('eip155:1')
  if (signer?.namespace !== 'eip155') throw new Error('no EVM signer')
  return signer.signTypedData(sampleTransfer(address, 1n))
}

const signatureOf = (digest: Uint8Array) => secp256k1.sign(digest, key)
/** A signer that writes secp256k1 signatures in a way of its own. */
const writing =
  (write: (digest: Uint8Array) => string | Uint8Array): Sign =>
  async (request) =>
    request.namespace === 'eip155' ? write(request.digest) : ''
const highS = (digest: Uint8Array): Uint8Array => {
  const { r, s } = signatureOf(digest)
  return new secp256k1.Signature(r, order - s).toDERRawBytes()
}

describe('a remote signer', () => {
  const expected = async () => {
    const signer = await privateKey(key).getSigner('eip155:1')
    return signer?.namespace === 'eip155' ? signer.signTypedData(sampleTransfer(address, 1n)) : undefined
  }

  test.each<[string, Sign]>([
    [
      '65 bytes',
      writing((digest) =>
        Uint8Array.from([...signatureOf(digest).toCompactRawBytes(), 27 + signatureOf(digest).recovery]),
      ),
    ],
    [
      '65 bytes with a v of 0 or 1',
      writing((digest) => `0x${signatureOf(digest).toCompactHex()}0${signatureOf(digest).recovery}`),
    ],
    ['64 bytes', writing((digest) => signatureOf(digest).toCompactRawBytes())],
    ['64 bytes in hex, in upper case', writing((digest) => signatureOf(digest).toCompactHex().toUpperCase())],
    ['DER', writing((digest) => signatureOf(digest).toDERRawBytes())],
    ['DER in hex', writing((digest) => `0x${signatureOf(digest).toDERHex()}`)],
    ['DER with a high s, as a KMS may', writing(highS)],
  ])('may answer with %s: what comes out is what a key here signs', async (_form, sign) => {
    expect(await signTyped(sign)).toBe(await expected())
  })

  /** The same signature with the order of the curve added to s, which only a lax reader takes. */
  const malleable = (message: Uint8Array): Uint8Array => {
    const signature = ed25519.sign(message, key)
    const s = BigInt(`0x${Buffer.from(signature.slice(32).toReversed()).toString('hex')}`) + ed25519.CURVE.n
    const larger = Uint8Array.from(Buffer.from(s.toString(16).padStart(64, '0'), 'hex')).toReversed()
    return Uint8Array.from([...signature.slice(0, 32), ...larger])
  }
  const foreign = new Uint8Array(32).fill(0x6c)
  const wrong: readonly (readonly [string, Sign])[] = [
    ['an error', () => Promise.reject(new Error('500'))],
    ['a signature by another key', writing((digest) => secp256k1.sign(digest, foreign).toCompactRawBytes())],
    ['a signature of other bytes', writing(() => signatureOf(new Uint8Array(32).fill(1)).toCompactRawBytes())],
    ['zeros', writing(() => new Uint8Array(65))],
    ['an empty text', writing(() => '')],
    ['words', writing(() => 'signed!')],
    ['a megabyte', writing(() => new Uint8Array(1_000_000).fill(48))],
    ['an object', writing(() => ({ signature: '0x' }) as never)],
    ['nothing', writing(() => undefined as never)],
    ['no answer at all', () => new Promise<string>(() => {})],
  ]

  test.each(wrong)(
    'that answers with %s may have signed: the payment counts, and no other nonce is used',
    async (_what, sign) => {
      const ledger = { ...memoryLedger(), durable: true }
      const resource = paidResource({ idempotent: true })
      const buy = (keyStore: ReturnType<typeof remoteSigner>) => {
        const wallet = createAgentWallet({
          keyStore,
          ledger,
          policy: [allowHosts(['api.example.com']), spendingLimit({ dailyLimitUsd: 1 })],
          fetch: (input, init) => resource(new Request(input, init)),
        })
        return { wallet, response: wallet.fetch('https://api.example.com/report', { payment: { key: 'report-42' } }) }
      }
      const { wallet, response } = buy(remoteSigner({ address, sign, timeoutSeconds: 0.05 }))
      expect(await rejection(response)).toMatchObject({ code: 'signing_failed', moved: 'maybe' })
      const [payment, ...others] = await wallet.payments.list()
      expect(payment).toMatchObject({ status: 'unknown', amount: 10_000n })
      expect(others).toEqual([])
      expect((await wallet.budget()).map(({ used }) => used)).toContain(10_000n)
      expect(resource.payments).toEqual([])
      // The same purchase, once the signer is well again: the same nonce.
      const well = buy(remoteSigner({ address, sign: writing((digest) => signatureOf(digest).toCompactRawBytes()) }))
      expect((await well.response).status).toBe(200)
      expect(resource.payments.map(({ nonce }) => nonce)).toEqual([payment?.terms.nonce])
      expect(await wallet.payments.list()).toHaveLength(1)
    },
  )

  test.each<[string, Sign]>([
    ['of other bytes', async () => ed25519.sign(new Uint8Array(1), key)],
    ['with another s of the same meaning', async (request) => malleable('message' in request ? request.message : key)],
    ['by another key', async (request) => ed25519.sign('message' in request ? request.message : key, foreign)],
    ['that is cut off', async (request) => ed25519.sign('message' in request ? request.message : key, key).slice(1)],
  ])('of Solana is held to its address too: a signature %s is none', async (_what, sign) => {
    const signer = await remoteSigner({ address: solanaAddress, sign }).getSigner(
      'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
    )
    if (signer?.namespace !== 'solana') throw new Error('no Solana signer')
    expect(signer.throwsUnsigned).toBeUndefined()
    await expect(signer.signMessage(sampleMessage(solanaAddress, 1n))).rejects.toThrow(TypeError)
  })

  test.each([
    ['text', 'agent'],
    ['an EVM address with a wrong checksum', address.replace(/[a-f]/, (digit) => digit.toUpperCase())],
    ['a Solana address that no key can sign for', offCurve.toBase58()],
    ['a Solana address of a byte less', base58.encode(new Uint8Array(31).fill(1))],
  ])('has an address, and not %s', (_what, claimed) => {
    expect(() => remoteSigner({ address: claimed, sign: async () => '' })).toThrow(
      expect.objectContaining({ code: 'configuration_invalid' }),
    )
  })

  test.each([0, -1, 31, Number.NaN])('waits for more than nothing, and not for %d seconds', (timeoutSeconds) => {
    expect(() => remoteSigner({ address, sign: async () => '', timeoutSeconds })).toThrow('timeoutSeconds')
  })
})

describe('a remote signer, of payments on Tempo', () => {
  const charge = sampleCharge(10_000n)
  const signerOf = async (options: Partial<RemoteSignerOptions>) =>
    (await remoteSigner({ address, sign: async () => '', ...options }).getSigner('eip155:42431')) as EvmSigner

  test('signs what the key here signs, where it is told how', async () => {
    const here = (await privateKey(key).getSigner('eip155:42431')) as EvmSigner
    const asked: unknown[] = []
    const signer = await signerOf({
      signCharge: async (request) => {
        asked.push(request)
        return signatureOf(request.digest).toDERRawBytes()
      },
    })
    expect(await signer.signCharge?.(charge)).toBe(await here.signCharge?.(charge))
    expect(asked).toMatchObject([{ address, charge }])
  })

  test('is not believed where it answers with the signature of something else', async () => {
    const signer = await signerOf({ signCharge: async () => signatureOf(new Uint8Array(32)).toCompactRawBytes() })
    expect(String(await rejection(signer.signCharge?.(charge) as never))).toContain('no signature of this payment')
  })

  test('signs none where it is not told how', async () => {
    expect((await signerOf({})).signCharge).toBeUndefined()
  })
})
