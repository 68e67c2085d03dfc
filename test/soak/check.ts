import type { Ledger, Payment } from 'stipend'
import type { Mock402 } from 'stipend/testing'

type Known = { readonly shop: Mock402; readonly told: ReadonlySet<string>; readonly limitUsd: number }

/** Says where a shop's book, a ledger and what events told do not agree. */
export async function problemsOf(
  ledger: Ledger,
  { shop, told, limitUsd }: Known,
): Promise<{ readonly problems: readonly string[]; readonly figures: string }> {
  const payments = await listAll(ledger)
  const byNonce = new Map(payments.map((payment) => [payment.terms.nonce.toLowerCase(), payment]))
  const byId = new Map(payments.map((payment) => [payment.id as string, payment]))
  const signed = shop.authorizations.filter(({ isSigned }) => isSigned)
  const problems: string[] = []

  for (const { nonce, amount, payTo } of signed) {
    const payment = byNonce.get(nonce)
    if (!payment) problems.push(`a payment of ${amount} was sent that the ledger does not know: ${nonce}`)
    else if (payment.amount !== amount || payment.payTo !== payTo) problems.push(`${payment.id} is not what was sent`)
  }
  const counted = payments.filter(({ status }) => status !== 'released')
  const spent = counted.reduce((sum, { microUsd }) => sum + microUsd, 0n)
  const limit = BigInt(limitUsd) * 1_000_000n
  if (spent > limit) problems.push(`the ledger has ${spent} under a limit of ${limit}`)
  if (shop.exposed > spent) problems.push(`${shop.exposed} could be taken where the ledger counts ${spent}`)
  const keys = counted.map(({ purchaseKey }) => purchaseKey)
  if (new Set(keys).size !== keys.length) problems.push('a purchase has two payments')
  for (const { authorization } of shop.settlements) {
    const status = byNonce.get(authorization.nonce)?.status
    if (status === undefined || status === 'released')
      problems.push(`${authorization.nonce} was taken, and is ${status}`)
  }
  for (const id of told) {
    const status = byId.get(id)?.status
    if (status !== 'claimed' && status !== 'confirmed')
      problems.push(`an event said that ${id} is settled; it is ${status}`)
  }
  const nonces = new Set(signed.map(({ nonce }) => nonce))
  const unsent = counted.filter(({ terms }) => !nonces.has(terms.nonce.toLowerCase()))
  // What is counted and was never sent is what died on its way: to the unit, the rest is what the shop has seen.
  const lost = unsent.reduce((sum, { amount }) => sum + amount, 0n)
  if (spent - lost !== shop.exposed) problems.push(`${spent} counted less ${lost} unsent is not ${shop.exposed}`)
  const claimedUnsent = unsent.filter(({ status }) => status === 'claimed')
  if (claimedUnsent.length > 0) problems.push(`${claimedUnsent.length} payments are claimed that were never sent`)
  const figures = `${counted.length} payments of ${spent} counted, ${shop.exposed} sent, ${shop.settled} taken, ${lost} died unsent, ${told.size} told as settled`
  return { problems, figures }
}

async function listAll(ledger: Ledger): Promise<readonly Payment[]> {
  const all: Payment[] = []
  for (;;) {
    const page = await ledger.list({ limit: 500, before: all.at(-1)?.id })
    all.push(...page)
    if (page.length < 500) return all
  }
}
