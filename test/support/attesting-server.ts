import {
  createEIP712OfferReceiptIssuer,
  createJWSOfferReceiptIssuer,
  type OfferReceiptIssuer,
} from '@x402/extensions/offer-receipt'
import { ed25519 } from '@noble/curves/ed25519'
import { p256 } from '@noble/curves/p256'
import { secp256k1 } from '@noble/curves/secp256k1'
import { sha256 } from '@noble/hashes/sha2'
import { base58, base64urlnopad } from '@scure/base'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { paidResource, type PaidResource, type PaidResourceOptions } from '../../src/testing/index.js'

type Json = Readonly<Record<string, unknown>>

/** x402's own issuer with a key that nobody has used, and the name that the key has. */
export type TestIssuer = OfferReceiptIssuer & { readonly key: string }

/** Makes one that signs typed data. */
export function createTypedIssuer(): TestIssuer {
  const account = privateKeyToAccount(generatePrivateKey())
  const kid = `did:pkh:eip155:84532:${account.address}#key-1`
  const own = createEIP712OfferReceiptIssuer(kid, (data) => account.signTypedData(data as never))
  return { ...own, key: account.address }
}

const curves = {
  EdDSA: {
    mark: [0xed, 0x01],
    make: () => ed25519.utils.randomPrivateKey(),
    open: (key: Uint8Array) => ed25519.getPublicKey(key),
    sign: (message: Uint8Array, key: Uint8Array) => ed25519.sign(message, key),
  },
  ES256: {
    mark: [0x80, 0x24],
    make: () => p256.utils.randomPrivateKey(),
    open: (key: Uint8Array) => p256.getPublicKey(key, true),
    sign: (message: Uint8Array, key: Uint8Array) => p256.sign(sha256(message), key).toCompactRawBytes(),
  },
  ES256K: {
    mark: [0xe7, 0x01],
    make: () => secp256k1.utils.randomPrivateKey(),
    open: (key: Uint8Array) => secp256k1.getPublicKey(key, true),
    sign: (message: Uint8Array, key: Uint8Array) => secp256k1.sign(sha256(message), key).toCompactRawBytes(),
  },
} as const

/** Algorithms of JWS that are known. */
export const algorithms = Object.keys(curves) as readonly (keyof typeof curves)[]

/** Makes one that signs JWS, with a key that its `kid` spells out; or with another `kid` or algorithm in the header. */
export function createJwsIssuer(
  algorithm: keyof typeof curves,
  header: { readonly kid?: string; readonly algorithm?: string } = {},
): TestIssuer {
  const { mark, make, open, sign } = curves[algorithm]
  const secret = make()
  const key = `did:key:z${base58.encode(Uint8Array.of(...mark, ...open(secret)))}`
  const kid = header.kid ?? `${key}#${key.slice('did:key:'.length)}`
  const own = createJWSOfferReceiptIssuer(kid, {
    kid,
    format: 'jws',
    algorithm: header.algorithm ?? algorithm,
    sign: async (message) => base64urlnopad.encode(sign(message, secret)),
  })
  return { ...own, key }
}

/** What of the documents is other than its issuer makes it. */
export type Tampering = {
  readonly offers?: ((offers: readonly Json[]) => unknown) | undefined
  readonly receipt?: ((receipt: Json) => unknown) | undefined
  /** What the issuer is told of. */
  readonly url?: string | undefined
  readonly payer?: string | undefined
  readonly network?: string | undefined
  readonly transaction?: string | undefined
  readonly amount?: string | undefined
}

/** A server that sells one thing, and signs offers and receipts of it by x402's own code. */
export type AttestingServer = ((request: Request) => Promise<Response>) & { readonly till: PaidResource }

/** Makes it; whoever signs can change between calls. */
export function createAttestingServer(
  issuers: { readonly offer: () => OfferReceiptIssuer; readonly receipt: () => OfferReceiptIssuer | undefined },
  { tampering = {}, ...terms }: PaidResourceOptions & { readonly tampering?: Tampering } = {},
): AttestingServer {
  const till = paidResource(terms)
  const { offers: changeOffers = (one) => one, receipt: changeReceipt = (one) => one } = tampering
  const server = async (request: Request): Promise<Response> => {
    const response = await till(request)
    const headers = new Headers(response.headers)
    const url = tampering.url ?? request.url
    const required = headers.get('payment-required')
    if (required !== null) {
      const message = decode(required)
      const accepts = message['accepts'] as readonly {
        readonly [name in 'scheme' | 'network' | 'asset' | 'payTo' | 'amount']: string
      }[]
      const offers = await Promise.all(
        accepts.map((one, acceptIndex) =>
          issuers.offer().issueOffer(url, { ...one, amount: tampering.amount ?? one.amount, acceptIndex }),
        ),
      )
      const info = { offers: changeOffers(offers as never) }
      headers.set('payment-required', encode({ ...message, extensions: { 'offer-receipt': { info } } }))
    }
    const settled = headers.get('payment-response')
    if (settled !== null) {
      const message = decode(settled)
      const payer = tampering.payer ?? till.payments.at(-1)?.from ?? ''
      const network = tampering.network ?? 'eip155:84532'
      const transaction = tampering.transaction ?? String(message['transaction'])
      const receipt = await issuers.receipt()?.issueReceipt(url, payer, network, transaction)
      const extensions = receipt && { 'offer-receipt': { info: { receipt: changeReceipt(receipt as never) } } }
      headers.set('payment-response', encode({ ...message, extensions }))
    }
    return new Response(response.body, { status: response.status, headers })
  }
  return Object.assign(server, { till })
}

function decode(text: string): Json {
  return JSON.parse(Buffer.from(text, 'base64').toString())
}

function encode(message: unknown): string {
  return Buffer.from(JSON.stringify(message)).toString('base64')
}
