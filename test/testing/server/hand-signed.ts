import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import type { PaidResource } from '../../../src/testing/index.js'

/** A payer whose signatures owe nothing to the library: viem makes them. */
export const payer: PrivateKeyAccount = privateKeyToAccount(`0x${'51'.repeat(32)}`)

export const url = 'https://api.example.com/report'

type Transfer = {
  readonly from: `0x${string}`
  readonly to: `0x${string}`
  readonly value: bigint
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly nonce: `0x${string}`
}

/** How a payment differs from a good one. */
export type Difference = {
  readonly account?: PrivateKeyAccount
  /** Changes what is signed. */
  readonly signs?: Partial<Transfer>
  /** Changes what is sent after it was signed. */
  readonly sends?: Readonly<Record<string, unknown>>
  readonly domain?: Readonly<Record<string, unknown>>
  readonly signature?: (signature: string) => string
  readonly envelope?: Readonly<Record<string, unknown>>
  /** Which offer to take. */
  readonly index?: number
}

type Offer = Readonly<Record<string, string>> & {
  readonly maxTimeoutSeconds: number
  readonly extra: Record<string, string>
}
type Required = { readonly error?: string; readonly accepts: readonly Offer[]; readonly [name: string]: unknown }

/** Reads what a 402 asks, wherever its version has it. */
export async function readRequired(response: Response): Promise<Required> {
  const header = response.headers.get('payment-required')
  return (header === null ? await response.json() : decode(header)) as Required
}

export function decode(header: string | null): Record<string, unknown> {
  return JSON.parse(Buffer.from(header ?? '', 'base64').toString()) as Record<string, unknown>
}

export function encode(message: unknown): string {
  return Buffer.from(JSON.stringify(message)).toString('base64')
}

let nonces = 0

/** Asks a resource what it costs, and makes the request that pays. */
export async function payFor(resource: PaidResource, different: Difference = {}): Promise<Request> {
  const required = await readRequired(await resource(new Request(url)))
  const offer = required.accepts[different.index ?? 0]
  if (!offer) throw new Error('the resource offers nothing')
  const version = required['x402Version']
  const payload = await sign(offer, different)
  const envelope =
    version === 2
      ? { x402Version: 2, resource: required['resource'], accepted: offer, payload, extensions: required['extensions'] }
      : { x402Version: 1, scheme: offer['scheme'], network: offer['network'], payload }
  const name = version === 2 ? 'PAYMENT-SIGNATURE' : 'X-PAYMENT'
  return new Request(url, { headers: { [name]: encode({ ...envelope, ...different.envelope }) } })
}

async function sign(offer: Offer, { account = payer, signs, sends, domain, signature }: Difference) {
  nonces += 1
  const now = BigInt(Math.floor(Date.now() / 1000))
  const message: Transfer = {
    from: account.address,
    to: offer['payTo'] as `0x${string}`,
    value: BigInt(offer['amount'] ?? offer['maxAmountRequired'] ?? 0),
    validAfter: 0n,
    validBefore: now + BigInt(offer.maxTimeoutSeconds),
    nonce: `0x${nonces.toString(16).padStart(64, '0')}`,
    ...signs,
  }
  const signed = await account.signTypedData({
    domain: {
      name: 'USDC',
      version: '2',
      chainId: 84532,
      verifyingContract: offer['asset'] as `0x${string}`,
      ...domain,
    },
    types: {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'TransferWithAuthorization',
    message,
  })
  const text = Object.fromEntries(Object.entries(message).map(([name, value]) => [name, value.toString()]))
  return { signature: signature?.(signed) ?? signed, authorization: { ...text, ...sends } }
}
