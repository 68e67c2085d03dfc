import type { LightningWallet } from 'stipend/l402'
import { caller, type Flights } from './flights.ts'
import { recordOf } from './keys.ts'
import { type Invoice, maxFee } from './lightning.ts'
import type { Guard, Process } from './process.ts'
import type { World } from './world.ts'

/** What a wallet does with an invoice. */
const deeds = [
  'pay',
  'pay',
  'pay',
  'pay',
  'pay and lose',
  'hold',
  'hold and fail',
  'fail',
  'fail and lose',
  'refuse',
] as const
/** How long what is held can be under way; a wallet is waited for less long, and then holds up no other payment. */
const [holds, waitedMs] = [[3_000, 25_000, 70_000, 1_200_000], 29_999]

type Parts = { readonly process: Process; readonly guard: Guard; readonly flights: Flights }

/** A Lightning wallet that notes what it was asked to pay, and all that the ledger had on record of it at that moment. */
export function createLightningWallet(world: World, { process, guard, flights }: Parts): LightningWallet {
  const { lightning, shop, signed, state, chance, time } = world
  const pay = async (invoice: Invoice): Promise<{ readonly preimage: string }> => {
    const { text, id, payTo: to, amount, path } = invoice
    const [value, recorded] = [amount + maxFee, await recordOf(world, id)]
    const isGivenUp = caller.getStore()?.aborted === true
    const deed = time.now() > invoice.expiresAt ? 'fail' : chance.pick(deeds)
    signed.push({ id, wire: text, to, value, isGivenUp, wrongBy: process.wrongBy, recorded })
    invoice.asked += 1
    if (invoice.state === 'open' || invoice.state === 'settled') invoice.askedAgain += 1
    if (deed === 'refuse') throw refusal(chance.pick(['INSUFFICIENT_BALANCE', 'RATE_LIMITED']))
    invoice.state = 'open'
    const hasFailed = (): boolean => invoice.state === 'failed'
    const canExecute = (): boolean => invoice.state === 'open'
    const execute = (): string | undefined => lightning.arrive(invoice)
    const countsUntil = Number.POSITIVE_INFINITY
    shop.sightings.push({ id, wire: text, to, value, countsUntil, execute, canExecute, hasFailed, path })
    if (deed.startsWith('hold')) await new Promise((resolve) => void setTimeout(resolve, chance.pick(holds)))
    if (deed.startsWith('pay') || deed === 'hold') execute()
    else if (canExecute()) invoice.state = 'failed'
    if (hasFailed()) throw refusal(deed === 'fail and lose' ? 'INTERNAL' : 'PAYMENT_FAILED')
    if (deed === 'pay and lose') throw refusal('INTERNAL')
    return { preimage: invoice.preimage }
  }
  return {
    payInvoice: ({ invoice: text }) => {
      const asked = (): ReturnType<typeof pay> =>
        guard(async () => {
          const invoice = lightning.find(text)
          if (!invoice || state.fault === 'signer') throw new TypeError('no payment today')
          if (state.fault === 'forger' && chance.is(0.5)) return { preimage: '11'.repeat(32) }
          return pay(invoice)
        }, state.outage.network)
      const [waited, stop] = [time.timeout(waitedMs), caller.getStore()]
      return flights.during(asked, stop ? AbortSignal.any([waited, stop]) : waited)
    },
    lookupInvoice: ({ payment_hash: hash }) =>
      guard(async () => {
        if (lightning.isSilent()) throw refusal('INTERNAL')
        const found = lightning.look(`0x${hash}`)
        if (!found) throw refusal('NOT_FOUND')
        return found
      }, state.outage.network),
  }
}

function refusal(code: string): Error {
  return Object.assign(new Error('it is not paid'), { code })
}
