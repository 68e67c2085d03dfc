import type { Ledger, ReserveOptions } from '../../ports/ledger.js'
import type { Pin } from '../../types.js'
import { claim, claimEqual } from '../claim.js'
import { type CreateLedger, type LedgerContract, refuses, roomy, usedOf } from './checks.js'
import { sampleId, sampleLimit, samplePayment } from './sample-payment.js'

/** What a ledger remembers of one payment, and holds later ones to. */
export const pinContract: LedgerContract = {
  'what the first payment says is remembered, and one that says something else is refused': remembersTheFirst,
  'a number may rise by its percentage over the one that is remembered, to the unit': letsRise,
  'a payment that is refused is not remembered': forgetsRefused,
  'what a person has agreed to is remembered in place of what was': replaces,
  'of twenty payments at once that all say something else one is remembered': remembersOne,
}

const shop: Pin = { name: 'payee of shop', key: 'payee:shop', value: 'alice', onDiffer: 'deny' }

/** Reserves the payment of a number, and answers whether it was recorded, or for which reason not. */
async function outcomeOf(ledger: Ledger, number: number, options: ReserveOptions): Promise<string> {
  const answer = await ledger.reserve(samplePayment(number), [roomy], options)
  return answer.ok ? 'recorded' : answer.reason
}

async function remembersTheFirst(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const other: Pin = { ...shop, key: 'payee:bar', value: "bob's" }
  const first = await outcomeOf(ledger, 1, { pins: [shop, other] })
  claimEqual(first, 'recorded', 'A payment was refused although nothing was remembered')
  const second = await outcomeOf(ledger, 2, { pins: [shop, other] })
  claimEqual(second, 'recorded', 'A payment was refused although it says what is remembered')
  const differing = { ...other, value: 'mallory' }
  const answer = await ledger.reserve(samplePayment(3), [roomy], { pins: [shop, differing] })
  claim(!answer.ok && answer.reason === 'pin', 'A payment was recorded although it says something else')
  const { pin, remembered } = answer
  claimEqual(pin, differing, 'A refusal does not name the pin that differs')
  claimEqual(remembered, "bob's", 'A refusal does not say what is remembered')
  claimEqual(await ledger.get(sampleId(3)), undefined, 'A payment that says something else was recorded')
  claimEqual(await usedOf(ledger, roomy), 20n, 'A payment that says something else counts')
  const known = await outcomeOf(ledger, 1, { pins: [differing] })
  claimEqual(known, 'exists', 'A purchase that was made again was held to what is remembered')
  claimEqual(await outcomeOf(ledger, 4, {}), 'recorded', 'A payment without pins was held to what is remembered')
  claimEqual(await ledger.recall(shop.key), undefined, 'What is remembered of payments is among the texts')
}

async function letsRise(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const price = (value: string): ReserveOptions => ({ pins: [{ ...shop, key: 'price', value, maxRisePercent: 20 }] })
  claimEqual(await outcomeOf(ledger, 1, price('9007199254740993')), 'recorded', 'A first price was refused')
  const most = (9_007_199_254_740_993n * 120n) / 100n
  const above = await outcomeOf(ledger, 2, price(String(most + 1n)))
  claimEqual(above, 'pin', 'A price rose by one unit more than its percentage')
  claimEqual(await outcomeOf(ledger, 3, price(String(most))), 'recorded', 'A price could not rise by its percentage')
  const again = await outcomeOf(ledger, 4, price(String(most + 1n)))
  claimEqual(again, 'pin', 'A price rose from one payment to the next, beyond what was remembered at first')
  claimEqual(await outcomeOf(ledger, 5, price('1')), 'recorded', 'A price could not fall')
  claimEqual(await outcomeOf(ledger, 6, price('cheap')), 'pin', 'Something that is no number passed for a price')
}

async function forgetsRefused(create: CreateLedger): Promise<void> {
  const ledger = await create()
  await refuses(ledger, samplePayment(1), [sampleLimit(9n)], 'A payment went over a limit')
  await ledger.reserve(samplePayment(1), [sampleLimit(9n)], { pins: [shop], newPins: [{ ...shop, key: 'new' }] })
  const later = {
    pins: [
      { ...shop, value: 'bob' },
      { ...shop, key: 'new', value: 'bob' },
    ],
  }
  claimEqual(await outcomeOf(ledger, 2, later), 'recorded', 'What a refused payment said is remembered')
}

async function replaces(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const says = (value: string): Pin => ({ ...shop, value })
  await outcomeOf(ledger, 1, { pins: [says('alice')] })
  const agreed = await outcomeOf(ledger, 2, { newPins: [says('bob')] })
  claimEqual(agreed, 'recorded', 'A payment was refused although a person agreed to what is new of it')
  claimEqual(
    await outcomeOf(ledger, 3, { pins: [says('bob')] }),
    'recorded',
    'What a person agreed to is not remembered',
  )
  claimEqual(await outcomeOf(ledger, 4, { pins: [says('alice')] }), 'pin', 'What a person replaced is still remembered')
}

async function remembersOne(create: CreateLedger): Promise<void> {
  const ledger = await create()
  const tries = Array.from({ length: 20 }, (_, index) =>
    outcomeOf(ledger, index, { pins: [{ ...shop, value: `payee ${index}` }] }),
  )
  const outcomes = await Promise.all(tries)
  const what = 'Of twenty payments at once that all say something else, not one was remembered and nineteen refused'
  claimEqual(outcomes.filter((outcome) => outcome === 'recorded').length, 1, what)
  claimEqual(outcomes.filter((outcome) => outcome === 'pin').length, 19, what)
  claimEqual(await usedOf(ledger, roomy), 10n, what)
}
