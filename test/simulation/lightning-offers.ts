import type { Chance } from './chance.ts'
import type { Invoice, Lightning } from './lightning.ts'

/** Asks for an invoice to be paid; now and then one that was asked for before. */
export function askByInvoice(
  lightning: Lightning,
  { sold, amount, chance }: { readonly sold: string; readonly amount: bigint; readonly chance: Chance },
): Response {
  const known = chance.is(0.05) ? lightning.asked() : []
  const invoice =
    known.length > 0 ? chance.pick(known) : lightning.issue(sold, amount, chance.pick([9, 60, 600, 600, 3600]))
  const challenge = `L402 version="0", token="${invoice.id}", invoice="${invoice.text}"`
  return new Response('{}', { status: 402, headers: { 'www-authenticate': challenge } })
}

/** Reads what a request shows; answers the invoice that was paid, where that is shown. */
export function readProof(header: string, lightning: Lightning): Invoice | undefined {
  const [, id = '', preimage] = /^L402 (0x[0-9a-f]{64}):([0-9a-f]{64})$/.exec(header) ?? []
  const invoice = lightning.findById(id)
  return invoice?.state === 'settled' && invoice.preimage === preimage ? invoice : undefined
}
