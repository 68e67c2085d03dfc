import type { SignedTransfer } from './chain.ts'

/** The token, Permit2, and the contract of x402's that Permit2 moves money for. */
export const contracts = {
  token: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  permit2: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
  proxy: '0x402085c248EeA27D92E8b30b2C58ed07f9E20001',
} as const

type Fields = Readonly<Record<string, unknown>>

/** Typed data, as far as it is read. */
type TypedData = {
  readonly primaryType: string
  readonly domain: { readonly verifyingContract?: string | undefined }
  readonly message: Fields
}

/** Reads what a payer signs, or has signed, for Permit2: as typed data and as payloads have it alike. */
export function readPermit2({ from, permitted, spender, nonce, deadline, witness }: Fields): SignedTransfer {
  const { token, amount } = permitted as Fields
  const { to, validAfter } = witness as Fields
  return {
    from: String(from),
    to: String(to),
    value: String(amount),
    validAfter: String(validAfter),
    validBefore: (BigInt(String(deadline)) + 1n).toString(),
    nonce: `0x${BigInt(String(nonce)).toString(16).padStart(64, '0')}`,
    contract: contracts.permit2,
    spender: String(spender),
    token: String(token),
  }
}

/** Reads the transfer that a payer is asked to sign. */
export function readTypedData({ primaryType, domain, message }: TypedData, from: string): SignedTransfer {
  const contract = String(domain.verifyingContract)
  if (primaryType === 'PermitWitnessTransferFrom') return { ...readPermit2({ ...message, from }), contract }
  const { to, value, validAfter, validBefore, nonce } = message
  const [amount, after, before] = [value, validAfter, validBefore].map(String) as [string, string, string]
  return {
    from: String(message['from']),
    to: String(to),
    value: amount,
    validAfter: after,
    validBefore: before,
    nonce: String(nonce),
    contract,
  }
}

const fields = [
  'from',
  'to',
  'value',
  'validAfter',
  'validBefore',
  'nonce',
  'contract',
  'spender',
  'token',
] as const satisfies readonly (keyof SignedTransfer)[]

/** Writes what is signed, and what is sent, alike. */
export function wireOf(transfer: SignedTransfer): string {
  return fields.map((field) => String(transfer[field]).toLowerCase()).join(' ')
}
