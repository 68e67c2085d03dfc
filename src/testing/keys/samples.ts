import { utf8ToBytes } from '@noble/hashes/utils'
import { base58 } from '@scure/base'
import { allowancePermitFields } from '../../evm/allowance-permit.js'
import { exactWitness, permit2, permit2Proxies, permitFields, typesOf, uptoWitness } from '../../evm/permit2.js'
import type { TempoCharge } from '../../evm/tempo/charge-transaction.js'
import type { TypedData } from '../../evm/typed-data.js'

/** A payment of pathUSD as `chargeTempo` builds it, for a server that pays the fee or for another, on the first network. */
export function sampleCharge(amount: bigint, kind: 'tip20' | 'tip20-own-fee' = 'tip20'): TempoCharge {
  return {
    chainId: 84532,
    token: '0x20C0000000000000000000000000000000000000',
    payee: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    amount,
    memo: `0x${'5a'.repeat(32)}`,
    validBefore: 1_781_697_720,
    gas: 600_000n,
    maxFeePerGas: 25_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    isSponsored: kind === 'tip20',
  }
}

/** The typed data of a permit beside such a payment, as `exactEvm` builds it. */
export function sampleAllowancePermit(owner: string, value: bigint): TypedData {
  return {
    domain: sampleTransfer(owner, value).domain,
    types: typesOf({ Permit: allowancePermitFields }),
    primaryType: 'Permit',
    message: { owner, spender: permit2, value, nonce: 0n, deadline: 1_781_697_719n },
  }
}

/** The typed data of a payment of USDC on Base Sepolia by Permit2, as `exactEvm` builds it. */
export function samplePermit(amount: bigint): TypedData {
  return {
    domain: { name: 'Permit2', chainId: 84532, verifyingContract: permit2 },
    types: typesOf({ ...permitFields, Witness: exactWitness }),
    primaryType: 'PermitWitnessTransferFrom',
    message: {
      permitted: { token: '0x036CbD53842c5426634e7929541eC2318f3dCF7e', amount },
      spender: permit2Proxies.exact,
      nonce: BigInt(`0x${'5a'.repeat(32)}`),
      deadline: 1_781_697_719n,
      witness: { to: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C', validAfter: 0n },
    },
  }
}

/** The typed data of a payment of at most so much, as `uptoEvm` builds it. */
export function sampleUptoPermit(amount: bigint): TypedData {
  const { message, types, ...data } = samplePermit(amount)
  const facilitator = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
  const witness = { ...Object(message['witness']), facilitator }
  return {
    ...data,
    types: { ...types, ...typesOf({ Witness: uptoWitness }) },
    message: { ...message, spender: permit2Proxies.upto, witness },
  }
}

/** The typed data of a payment of USDC on Base Sepolia by EIP-3009, as `exactEvm` builds it. */
export function sampleTransfer(from: string, value: bigint): TypedData {
  const types = [
    'from address',
    'to address',
    'value uint256',
    'validAfter uint256',
    'validBefore uint256',
    'nonce bytes32',
  ]
  return {
    domain: {
      name: 'USDC',
      version: '2',
      chainId: 84532,
      verifyingContract: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
    },
    types: {
      TransferWithAuthorization: types.map((field) => {
        const [name = '', type = ''] = field.split(' ')
        return { name, type }
      }),
    },
    primaryType: 'TransferWithAuthorization',
    message: {
      from,
      to: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
      value,
      validAfter: 0n,
      validBefore: 1_781_697_720n,
      nonce: `0x${'5a'.repeat(32)}`,
    },
  }
}

/** A sponsored payment of USDC on Solana's devnet: two limits on computation, a checked transfer and a memo. */
export function sampleMessage(payer: string, amount: bigint): Uint8Array {
  const accounts = [
    base58.encode(new Uint8Array(32).fill(7)),
    payer,
    base58.encode(new Uint8Array(32).fill(8)),
    base58.encode(new Uint8Array(32).fill(9)),
    '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU',
    'ComputeBudget111111111111111111111111111111',
    'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
    'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  ]
  const note = utf8ToBytes('9c861076b254c712e3278c0ef8ff8535')
  return Uint8Array.from([
    ...[0x80, 2, 1, 4, accounts.length],
    ...accounts.flatMap((account) => [...base58.decode(account)]),
    ...new Uint8Array(32).fill(5),
    ...[4, 5, 0, 5, 2, 0x20, 0x4e, 0, 0],
    ...[5, 0, 9, 3, 1, 0, 0, 0, 0, 0, 0, 0],
    ...[7, 4, 2, 4, 3, 1, 10, 12, ...littleEndian(amount), 6],
    ...[6, 0, note.length, ...note],
    0,
  ])
}

function littleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return bytes
}
