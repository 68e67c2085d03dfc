import { deepFreeze } from '../../lib/freeze.js'
import type { Payment } from '../../types.js'
import { isSameAddress } from '../../lib/same-address.js'
import { fieldsOf } from '../fields.js'
import type { ProtocolAnswer } from '../../ports/protocol.js'
import { readHeader } from './header.js'
import { readError } from './refusal.js'

/** Answers the CAIP-2 id of a network as a version of x402 writes it. */
type ReadNetwork = (network: string) => string | undefined

/**
 * Reads what a settlement header says of a payment. Only `success: false` says that it was not settled; what else does not
 * agree with the payment is noted and not believed. Never throws.
 */
export function readReceipt(value: string, payment: Payment, readNetwork: ReadNetwork): ProtocolAnswer {
  const message = readFirst(value)
  const { success, errorReason, errorMessage } = fieldsOf(message)
  if (success === true) return readSuccess(fieldsOf(message), payment, readNetwork)
  if (success === false) {
    const said = readError(errorReason)
    const { untrustedReason } = { ...said, ...readError(errorMessage) }
    return { reason: said.reason ?? unsettled, ...(untrustedReason !== undefined && { untrustedReason }) }
  }
  return { note: 'the receipt is not readable' }
}

/** What is told in our words where the server gives no code. */
export const unsettled = 'the server says that it was not settled'

/** A header that is there twice arrives as one, its values joined by commas. */
function readFirst(value: string): unknown {
  for (const one of [value, ...value.split(/,\s*(?=[A-Za-z0-9+/=_-]+(?:,|$))/)]) {
    try {
      return readHeader(one, 'the receipt')
    } catch {}
  }
  return undefined
}

type Fields = Readonly<Record<string, unknown>>

function readSuccess(said: Fields, { asset, terms, amount }: Payment, readNetwork: ReadNetwork): ProtocolAnswer {
  const network = typeof said['network'] === 'string' ? said['network'] : ''
  const payer = typeof said['payer'] === 'string' ? said['payer'] : ''
  const charged = readAmount(said['amount'])
  const isOurNetwork =
    ['', asset.network, asset.network.split(':')[1]].includes(network) || readNetwork(network) === asset.network
  const isOurPayer = payer === '' || isSameAddress(payer, terms.payer)
  const isInAmount = charged === undefined || charged <= amount
  const wrong = [
    !isOurNetwork && 'another network',
    !isOurPayer && 'another payer',
    !isInAmount && 'more than was authorized',
  ]
  const named = wrong.filter(Boolean).join(' and ')
  const attestation = fieldsOf(said['extensions'])['offer-receipt']
  return deepFreeze({
    ...(attestation !== undefined && { attestation }),
    receipt: {
      status: 'claimed',
      transaction: readTransaction(said['transaction'] || said['transactionId']),
      network: asset.network,
      payer: isOurPayer && payer ? payer : undefined,
      amount: isInAmount ? charged : undefined,
    },
    note: named ? `the receipt names ${named}` : undefined,
  })
}

/** Some servers write it as a number. */
function readAmount(value: unknown): bigint | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && /^(?:0|[1-9][0-9]{0,77})$/.test(text) ? BigInt(text) : undefined
}

/** A hash in hex, a signature in base58, or Hedera's id: what names a transaction, and leaves no room for words. */
const transactionShape =
  /^(?:0x[0-9a-fA-F]{1,64}|[1-9A-HJ-NP-Za-km-z]{64,88}|\d{1,9}(?:\.\d{1,9}){2}[@-]\d{1,12}[.-]\d{1,12})$/

/** What cannot name a transaction is left out. */
function readTransaction(value: unknown): string {
  return typeof value === 'string' && transactionShape.test(value) ? value : ''
}
