import { keccak_256 } from '@noble/hashes/sha3'
import { hashDomain } from 'viem'
import { describe, expect, test } from 'vitest'
import { createAssetTable } from '../../../src/assets/table.js'
import { priceOffers } from '../../../src/pay/price.js'
import { hashTypedData, type TypedData } from '../../../src/evm/typed-data.js'
import type { Authorization, EvmSigner, Hex, Offer, Payment, PaymentRequired, Scheme } from '../../../src/index.js'
import { exactEvm, uptoEvm, x402, x402V1 } from '../../../src/index.js'
import { privateKey } from '../../../src/keys/index.js'
import fixture from '../../fixtures/x402-vectors.json' with { type: 'json' }
import { entryV2, messageV1, messageV2, requiredV2 } from '../../support/offers.ts'
import { createPayment } from '../../support/payments.ts'

const now = 1_740_672_089_000
const nonce: Hex = `0x${'11'.repeat(32)}`
const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`

const names = ['v2-exact-eip3009', 'v1-exact-eip3009', 'v2-exact-permit2', 'v2-upto-permit2']
const [v2, v1, permit2, upto] = names.map((name) => {
  const vector = fixture.vectors.find((one) => one.name === name)
  const [signed] = vector?.signed ?? []
  if (!vector || !signed) throw new Error(`the fixture has no vector ${name}`)
  return { ...vector, signed }
})
if (!v1 || !v2 || !permit2 || !upto) throw new Error('the fixture lacks a vector')

const versions = [
  { name: 'x402', vector: v2, protocol: x402(), message: messageV2, header: 'PAYMENT-SIGNATURE' },
  { name: 'x402 by Permit2', vector: permit2, protocol: x402(), message: messageV2, header: 'PAYMENT-SIGNATURE' },
  { name: 'x402 by use', vector: upto, protocol: x402(), message: messageV2, header: 'PAYMENT-SIGNATURE' },
  { name: 'x402-v1', vector: v1, protocol: x402V1(), message: messageV1, header: 'X-PAYMENT' },
] as const

async function getSigner(): Promise<EvmSigner & { readonly seen: TypedData[] }> {
  const signer = await privateKey(fixture.privateKey).getSigner('eip155:84532')
  if (signer?.namespace !== 'eip155') throw new Error('the key store has no signer')
  const seen: TypedData[] = []
  return {
    ...signer,
    seen,
    signTypedData: (data) => {
      seen.push(data)
      return signer.signTypedData(data)
    },
  }
}

function schemeOf(name: string): Scheme<EvmSigner> {
  return name === 'upto' ? uptoEvm() : exactEvm()
}

/** Fixes a payment of the one offer of a challenge, as the pipeline would, but at the vector's time and nonce. */
async function preparePayment(
  required: PaymentRequired,
): Promise<{ readonly offer: Offer; readonly payment: Payment }> {
  const [offer] = priceOffers(required.claims, createAssetTable()).offers
  if (!offer) throw new Error('nothing is offered')
  const { amount, payTo, asset, scheme } = offer
  const terms = await schemeOf(scheme).terms(offer, { payer: fixture.address, nonce, now })
  return { offer, payment: createPayment({ amount, payTo, asset, scheme, terms }) }
}

const EIP712Domain = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const

describe('a payment of the reference implementation', () => {
  test.each([
    [1e9, 300],
    [Number.MAX_SAFE_INTEGER, 300],
    [60, 60],
  ])('lives as long as the server asks, but five minutes at most: %i s', async (maxTimeoutSeconds, seconds) => {
    const required = x402().parse(messageV2(requiredV2([entryV2({ maxTimeoutSeconds })])))
    if (!required) throw new Error('nothing was parsed')
    const { payment } = await preparePayment(required)
    expect(payment.terms.validBefore).toBe(now / 1000 + seconds)
  })

  test.each(versions)('$name reproduces its header to the byte', async ({ vector, protocol, message, header }) => {
    const required = protocol.parse(message(vector.paymentRequired))
    if (!required) throw new Error('nothing was parsed')
    const { offer, payment } = await preparePayment(required)
    const scheme = schemeOf(payment.scheme)
    const signature = await scheme.sign(payment, await getSigner())
    const authorization: Authorization = { offer, payment, payload: scheme.payload(payment, signature) }
    const headers = protocol.attach(required, authorization)
    expect(headers).toEqual({ [header]: Reflect.get(vector.headers, header) })
  })

  test.each(versions)('$name signs its domain, its digest and with its signature', async ({ vector, ...version }) => {
    const required = version.protocol.parse(version.message(vector.paymentRequired))
    if (!required) throw new Error('nothing was parsed')
    const { payment } = await preparePayment(required)
    const signer = await getSigner()
    expect(await schemeOf(payment.scheme).sign(payment, signer)).toBe(vector.signed.signature)
    const [data] = signer.seen
    if (!data) throw new Error('nothing was signed')
    expect(data.domain).toEqual(vector.signed.domain)
    expect(hex(hashTypedData(data))).toBe(vector.signed.digest)
  })

  test.each(versions)('$name has the digest of its domain separator and struct hash', ({ vector }) => {
    const parts = ['1901', vector.signed.domainSeparator.slice(2), vector.signed.structHash.slice(2)]
    expect(hex(keccak_256(Buffer.from(parts.join(''), 'hex')))).toBe(vector.signed.digest)
    const { chainId, verifyingContract, ...names } = vector.signed.domain
    const domain = { ...names, chainId: BigInt(chainId), verifyingContract: verifyingContract as Hex }
    const types = { EIP712Domain: EIP712Domain.filter(({ name }) => Object.hasOwn(domain, name)) }
    expect(hashDomain({ domain: domain as never, types })).toBe(vector.signed.domainSeparator)
  })

  test('x402 reads the very header that the reference server sends', () => {
    const header = v2.paymentRequiredHeader ?? ''
    const required = x402().parse({ headers: new Headers({ 'PAYMENT-REQUIRED': header }), body: undefined })
    expect(required?.claims).toHaveLength(1)
    expect(required?.raw).toEqual(v2.paymentRequired)
  })
})
