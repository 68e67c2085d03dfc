import type { Asset, Hex, Offer, Payment } from '../types.js'
import { encodeCall, functions } from './abi.js'
import { askOne, type Nodes } from './ask-one.js'
import type { Rpc } from './blocks.js'
import { readGas, readQuantity } from './gas.js'
import { permit2 } from './permit2.js'
import { isSignedBy } from './signature.js'
import type { EvmSigner } from './signer.js'
import { type EvmTransaction, hashTransaction, signatureIn } from './transaction.js'

/** What of an approval is recorded with its payment, from which the same transaction is built again. */
const names = ['approvalNonce', 'approvalGas', 'approvalMaxFeePerGas', 'approvalMaxPriorityFeePerGas'] as const

type Asked = { readonly asset: Asset; readonly amount: bigint; readonly payer: string }

/**
 * Fixes the transaction by which a payer would approve Permit2 for exactly an amount, as far as the chain has to say it.
 *
 * @throws RangeError when its gas could cost more than its owner allows.
 */
export async function readApproval(
  client: Rpc,
  { asset, amount, payer }: Asked,
  maxFeeWei: bigint,
): Promise<NonNullable<Offer['allowancePermit']>> {
  const call = { from: payer, to: asset.address, data: encodeCall(functions.approve, permit2, amount) }
  const { accountNonce, gas, maxFeePerGas, maxPriorityFeePerGas } = await readGas(client, call, maxFeeWei)
  const approval = { gas, maxFeePerGas, maxPriorityFeePerGas }
  const written = Object.fromEntries(Object.entries(approval).map(([name, value]) => [name, value.toString()]))
  return { nonce: accountNonce.toString(), approval: written as Record<keyof typeof approval, string> }
}

/** What the terms of a payment keep of the approval beside it. */
export function approvalDetails({
  nonce,
  approval,
}: NonNullable<Offer['allowancePermit']>): Readonly<Record<string, string>> {
  if (!approval) return {}
  const values = [nonce, approval.gas, approval.maxFeePerGas, approval.maxPriorityFeePerGas]
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}

/** Tells whether an approval is signed beside a payment. */
export function hasApproval({ terms }: Pick<Payment, 'terms'>): boolean {
  return terms.method === 'permit2' && terms.details?.['approvalNonce'] !== undefined
}

/** What is signed beside a payment: an approval of Permit2 for exactly its amount, and for no other contract. */
function approvalOf({ amount, asset, terms }: Payment): EvmTransaction {
  const [nonce = 0n, gas = 0n, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n] = names.map((name) =>
    BigInt(terms.details?.[name] ?? ''),
  )
  return {
    type: 'eip1559',
    chainId: Number(asset.network.slice('eip155:'.length)),
    nonce: Number(nonce),
    maxPriorityFeePerGas,
    maxFeePerGas,
    gas,
    to: asset.address as Hex,
    value: 0n,
    data: encodeCall(functions.approve, permit2, amount),
  }
}

/** Signs the approval beside a payment, as a transaction that its server's facilitator sends. */
export async function signApproval(payment: Payment, signer: EvmSigner): Promise<string> {
  if (!signer.signTransaction) throw new TypeError('the signer signs no transactions')
  return String(await signer.signTransaction(approvalOf(payment))).toLowerCase()
}

/** Says what is wrong with a signed approval, or nothing when it is that of exactly this payment. */
export function checkApproval(payment: Payment, serialized: string): string | undefined {
  const transaction = approvalOf(payment)
  const signature = signatureIn(serialized, transaction)
  if (signature === undefined) return 'the signer answered with another transaction than the approval'
  const isOurs = isSignedBy(hashTransaction(transaction), signature, payment.terms.payer as Hex)
  return isOurs ? undefined : 'the signature is not of this approval by this payer'
}

/** A stand-in of the longest signed approval. */
export const approvalPlaceholder: Hex = `0x${'0'.repeat(480)}`

/**
 * Answers those of some payments beside which an approval was signed that the chain can still execute: it has no end of its
 * own, and lives until its account's number is used.
 */
export async function findOpenApprovals(nodes: Nodes, payments: readonly Payment[]): Promise<readonly Payment[]> {
  const signed = payments.filter(hasApproval)
  const payers = [...new Set(signed.map(({ terms }) => terms.payer))]
  const counts = await Promise.all(
    payers.map((payer) =>
      askOne(nodes, (client) => readQuantity(client, 'eth_getTransactionCount', [payer, 'latest'])),
    ),
  )
  return signed.filter(({ terms }) => {
    const used = counts[payers.indexOf(terms.payer)] ?? 0n
    return BigInt(terms.details?.['approvalNonce'] ?? '') >= used
  })
}
