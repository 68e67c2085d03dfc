import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { encodeBytes } from '../../lib/base64.js'
import type { Dialect, Taken } from './dialect.js'
import { hashOf, writeInvoice } from './lightning.js'

type Issued = { readonly taken: Taken; readonly preimage: string }

/**
 * L402 over Lightning: each challenge has a fresh invoice, and what is paid is paid at once, whatever the server answers. What
 * counts is what the payer's Lightning wallet was asked to pay.
 */
export function createL402Dialect(): Dialect {
  const issued = new Map<string, Issued>()
  const invoices = new Map<string, string>()
  const paid = new Map<string, Taken>()
  return {
    name: 'l402',
    ask: (_url, { amount, payTo, seconds }, { count, now }) => {
      const preimage = sha256(utf8ToBytes(`preimage ${count}`))
      const hash = hashOf(preimage)
      const createdAt = Math.floor(now / 1000)
      const invoice = writeInvoice({
        amountMsat: amount,
        preimage,
        key: sha256(utf8ToBytes(payTo)),
        createdAt,
        seconds,
      })
      issued.set(hash, {
        taken: { nonce: hash, amount, payTo, validBefore: createdAt },
        preimage: bytesToHex(preimage),
      })
      invoices.set(invoice, hash)
      const token = encodeBytes(utf8ToBytes(`token of ${hash}`))
      return new Response('payment required', {
        status: 402,
        headers: { 'WWW-Authenticate': `L402 version="0", token="${token}", invoice="${invoice}"` },
      })
    },
    read: ({ authorization = '' }) => {
      const [, preimage = ''] = /^L402 [^:]+:([0-9a-f]{64})$/.exec(authorization) ?? []
      return [...issued.values()].find((one) => one.preimage === preimage)?.taken
    },
    receipt: () => ({}),
    lightning: {
      payInvoice: async ({ invoice }) => {
        const hash = invoices.get(invoice) ?? ''
        const found = issued.get(hash)
        // Nodes pay a hash once.
        if (!found || paid.has(hash)) throw new TypeError('it is paid already, or not known')
        paid.set(hash, found.taken)
        return { preimage: found.preimage }
      },
      lookupInvoice: async ({ payment_hash: hash }) =>
        paid.has(hash) ? { state: 'settled', preimage: issued.get(hash)?.preimage } : { state: undefined },
    },
    taken: () => [...paid.values()],
  }
}
