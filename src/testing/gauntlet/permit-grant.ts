import { hexToBytes } from '@noble/hashes/utils'
import { parseAddress } from '../../evm/address.js'
import { allowancePermitFields } from '../../evm/allowance-permit.js'
import { typesOf } from '../../evm/permit2.js'
import { parseSignature, recoverAddress } from '../../evm/signature.js'
import { hashTypedData } from '../../evm/typed-data.js'
import type { Hex } from '../../types.js'
import { token } from './dialect.js'

/** That somebody may move some of a token, as it was signed. */
export type Grant = {
  readonly token: string
  readonly spender: string
  readonly amount: bigint
  /** Which one it is: of the token's permits, or of the account's transactions. */
  readonly number: bigint
  /** Unix seconds; absent: it has no end of its own. */
  readonly until?: number | undefined
}

/** What was sent in the place of a permit, or of an approval. */
export type Sent = Readonly<Record<string, unknown>>

/**
 * Reads a permit (EIP-2612) as far as it is signed by its owner: of what is written beside it or, where a server has written
 * that itself, of what it should be; nothing where it is of neither.
 */
export function readPermit(sent: Sent, should: Sent): Grant | undefined {
  return readSigned(sent) ?? readSigned({ ...sent, ...should })
}

function readSigned({ from, spender, amount, nonce, deadline, signature }: Sent): Grant | undefined {
  const parsed = parseSignature(signature)
  const owner = parseAddress(String(from))
  if (!parsed || !owner) return undefined
  const message = {
    owner,
    spender: String(spender),
    value: BigInt(String(amount)),
    nonce: BigInt(String(nonce)),
    deadline: BigInt(String(deadline)),
  }
  const domain = { name: 'USDC', version: '2', chainId: 84_532, verifyingContract: token as Hex }
  const data = { domain, types: typesOf({ Permit: allowancePermitFields }), primaryType: 'Permit', message }
  if (recoverAddress(hashTypedData(data), parsed) !== owner) return undefined
  return {
    token: token.toLowerCase(),
    spender: message.spender.toLowerCase(),
    amount: message.value,
    number: message.nonce,
    until: Number(message.deadline),
  }
}

/** Reads an approval out of a signed transaction of EIP-1559, whoever signed it. */
export function readApproval({ signedTransaction }: Sent): Grant | undefined {
  const fields = readFields(String(signedTransaction), '02')
  const [, nonce, , , , to = '', , data = ''] = fields
  const call = /^095ea7b3([0-9a-f]{64})([0-9a-f]{64})$/.exec(data)
  if (!call || nonce === undefined) return undefined
  const [, spender = '', amount = ''] = call
  return {
    token: `0x${to}`,
    spender: `0x${spender.slice(24)}`,
    amount: BigInt(`0x${amount}`),
    number: BigInt(`0x${nonce || '0'}`),
  }
}

/** The fields of a transaction of a type in hex, its lists left out (RLP). */
export function readFields(serialized: string, type: string): readonly string[] {
  if (!/^0x(?:[0-9a-f]{2})+$/i.test(serialized) || serialized.slice(2, 4) !== type) return []
  const bytes = hexToBytes(serialized.slice(4).toLowerCase())
  const fields: string[] = []
  let at = (bytes[0] ?? 0) > 0xf7 ? 1 + ((bytes[0] ?? 0) - 0xf7) : 1
  while (at < bytes.length) {
    const head = bytes[at] ?? 0
    const [offset, length] = sizeOf(head, bytes, at)
    const text = Array.from(bytes.slice(at + offset, at + offset + length), (byte) =>
      byte.toString(16).padStart(2, '0'),
    )
    if (head < 0xc0) fields.push(text.join(''))
    at += offset + length
  }
  return fields
}

function sizeOf(head: number, bytes: Uint8Array, at: number): readonly [offset: number, length: number] {
  if (head < 0x80) return [0, 1]
  if (head < 0xb8) return [1, head - 0x80]
  if (head >= 0xc0) return [1, head - 0xc0]
  const size = head - 0xb7
  const length = bytes.slice(at + 1, at + 1 + size).reduce((sum, byte) => sum * 256 + byte, 0)
  return [1 + size, length]
}
