import * as z from 'zod/mini'
import { deepFreeze } from '../../lib/freeze.js'
import type { Payment } from '../../types.js'
import { isSameAddress } from '../../lib/same-address.js'
import { fieldsOf } from '../fields.js'
import { lazy } from '../../lib/lazy.js'
import type { Answer } from '../../ports/protocol.js'
import { readCode } from '../words.js'
import { readHeader } from './header.js'

const transaction = lazy(() => z.nullish(z.string().check(z.regex(/^[\x21-\x7e]{0,256}$/))))

const success = lazy(() =>
  z.object({
    network: z.string(),
    payer: z.nullish(z.string()),
    amount: z.nullish(z.string().check(z.regex(/^(?:|0|[1-9][0-9]{0,77})$/))),
    transaction: transaction(),
    // Hedera's name for it.
    transactionId: transaction(),
  }),
)

/** Answers the CAIP-2 id of a network as a version of x402 writes it. */
type ReadNetwork = (network: string) => string | undefined

/** Reads what a settlement header says of a payment; what it says of any other is no receipt. Never throws. */
export function readReceipt(value: string, payment: Payment, readNetwork: ReadNetwork): Answer {
  try {
    const message = readHeader(value, 'the receipt')
    const { success, errorReason } = fieldsOf(message)
    if (success === true) return readSuccess(message, payment, readNetwork)
    if (success === false) return { reason: readCode(errorReason) ?? 'the server says that it was not settled' }
    return { reason: 'the receipt is not readable' }
  } catch {
    return { reason: 'the receipt is not readable' }
  }
}

function readSuccess(message: unknown, payment: Payment, readNetwork: ReadNetwork): Answer {
  const { data } = success().safeParse(message)
  if (!data) return { reason: 'the receipt is not readable' }
  const { asset, terms, amount } = payment
  const payer = data.payer || undefined
  const charged = data.amount ? BigInt(data.amount) : undefined
  if (readNetwork(data.network) !== asset.network) return { reason: 'the receipt names another network' }
  if (payer !== undefined && !isSameAddress(payer, terms.payer)) return { reason: 'the receipt names another payer' }
  if (charged !== undefined && charged > amount) return { reason: 'the receipt names more than was authorized' }
  const id = data.transaction || data.transactionId || ''
  return deepFreeze({
    receipt: { status: 'claimed', transaction: id, network: asset.network, payer, amount: charged },
  })
}
