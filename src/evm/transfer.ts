import { encodeCall, functions } from './abi.js'
import { isSignedBy } from './signature.js'
import { parseAddress } from './address.js'
import { type EvmTransaction, hashTransaction, signatureIn } from './transaction.js'
import type { EvmSigner } from './signer.js'
import type { Hex, Payment } from '../types.js'
import type { Scheme } from '../ports/scheme.js'

/** What a chain has to say before a transfer can be built, as decimal strings in an offer's `extra`. */
const details = ['accountNonce', 'gas', 'maxFeePerGas', 'maxPriorityFeePerGas'] as const

/** A transaction has no end of its own; after this long it is counted as executed, whatever became of it. */
const lifeSeconds = 3600

/**
 * Moves a token or a chain's own coin of the owner's own accord, in a transaction whose gas the payer pays. The account
 * nonce is recorded, and the chain takes each once: what is signed again is the same transaction.
 */
export function transferEvm(): Scheme<EvmSigner> {
  return {
    name: 'transfer',
    namespace: 'eip155',
    // A new account nonce would be a new transfer.
    atMostOnce: false,
    refuse: ({ extra, payTo }, payer) => {
      if (details.some((name) => typeof extra[name] !== 'string' || !/^\d{1,30}$/.test(String(extra[name]))))
        return 'the chain did not say how to send it'
      const payee = parseAddress(payTo)
      if (payee === undefined || /^0x0{40}$/.test(payee)) return 'the payee is not an address'
      return payee === payer ? 'the payee is our own address' : undefined
    },
    terms: ({ extra }, { payer, nonce, now }) => {
      const seconds = Math.floor(now / 1000)
      const known = Object.fromEntries(details.map((name) => [name, String(extra[name])]))
      return { payer, nonce, validAfter: 0, validBefore: seconds + lifeSeconds, details: known }
    },
    sign: async (payment, signer) => {
      if (!signer.signTransaction) throw new TypeError('the signer signs no transactions')
      return String(await signer.signTransaction(transactionOf(payment)))
    },
    check: (payment, serialized) => {
      const transaction = transactionOf(payment)
      const signature = signatureIn(serialized, transaction)
      if (signature === undefined) return 'the signer answered with another transaction'
      const isOurs = isSignedBy(hashTransaction(transaction), signature, payment.terms.payer as Hex)
      return isOurs ? undefined : 'the signature is not of this transfer by this payer'
    },
    payload: (_payment, serialized) => ({ transaction: serialized }),
    placeholder: `0x${'0'.repeat(600)}`,
  }
}

/** What is signed: built from the recorded payment, and from nothing else. */
export function transactionOf({ amount, asset, payTo, terms }: Payment): EvmTransaction {
  const { accountNonce = '', gas = '', maxFeePerGas = '', maxPriorityFeePerGas = '' } = terms.details ?? {}
  const isNative = asset.transfer === 'native'
  const payee = parseAddress(payTo)
  if (!payee) throw new TypeError('the payee is not an address')
  return {
    type: 'eip1559',
    chainId: Number(asset.network.slice('eip155:'.length)),
    nonce: Number(accountNonce),
    maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas),
    maxFeePerGas: BigInt(maxFeePerGas),
    gas: BigInt(gas),
    to: isNative ? payee : (asset.address as Hex),
    value: isNative ? amount : 0n,
    data: isNative ? '0x' : encodeCall(functions.transfer, payee, amount),
  }
}
