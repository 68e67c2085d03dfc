/**
 * An agent buys a report with a wallet that holds its owner's rules, and is refused twice. Nothing leaves this
 * machine: the chain, the token, the official facilitator and the official server all run here. With `--solana` the
 * same happens on a Solana of its own.
 */
import assert from 'node:assert/strict'
import { formatUnits, formatUsd, getPayment, isStipendError, type Quote } from 'stipend'
import { box, columns, type Row } from '../support/draw.ts'
import { play } from '../support/play.ts'
import type { Shop, Town } from './town.ts'

const usdc = { decimals: 6, symbol: 'USDC' }

/** Shows the story, or throws where it is not what it says. */
async function tellStory(town: Town): Promise<void> {
  console.log(`\n${box('1  The agent asks what a report costs', await ask(town))}`)
  console.log(`\n${box('2  It buys one', await buy(town))}`)
  const unlisted = await beRefused(town, town.shops.unlisted, 'payment_denied')
  console.log(`\n${box('3  It tries a shop that is not on the list', unlisted)}`)
  const dear = await beRefused(town, town.shops.dear, 'limit_exceeded')
  console.log(`\n${box('4  It tries one that asks more than it may spend at once', dear)}`)
  console.log(`\n${box('5  What is left of the stipend', await countUp(town))}`)
}

async function ask({ wallet, shops, agent, chain }: Town): Promise<readonly Row[]> {
  const url = `${shops.cheap.url}/paid`
  const quote = await wallet.quote(url)
  const offer = quote?.payable?.offer
  assert(offer, 'the policy allows the purchase')
  assert.equal(await chain.balanceOf(agent.address), 5_000_000n, 'asking costs nothing')
  return [
    ['request', `GET ${url}`],
    ['answer', '402 Payment Required'],
    ['price', `${formatUnits(offer.amount, offer.asset)} (${formatUsd(offer.microUsd)}) on ${offer.network}`],
    ['to', offer.payTo],
    ['policy', 'allowed', 'good'],
  ]
}

async function buy({ wallet, shops, agent, chain }: Town): Promise<readonly Row[]> {
  const shop = shops.cheap
  const balances = async () => [await chain.balanceOf(agent.address), await chain.balanceOf(shop.payTo)] as const
  const before = await balances()
  const response = await wallet.fetch(`${shop.url}/paid`)
  const after = await balances()
  const payment = getPayment(response)
  const [transfer, ...others] = await chain.transfersFrom(agent.address)

  assert.equal(response.status, 200)
  assert(transfer && others.length === 0, 'there is exactly one transfer on the chain')
  assert.equal(payment?.receipt?.transaction, transfer.transaction, 'the receipt names the transfer')
  assert.deepEqual([...before, ...after], [5_000_000n, 0n, 4_999_000n, 1000n], 'exactly the price has moved')
  return [
    ['answer', `200 ${JSON.stringify(await response.json())}`, 'good'],
    ['payment', `${payment.id} (${payment.status})`],
    ['on chain', transfer.transaction],
    ['', columns('before', 'after'), 'dim'],
    ['agent', columns(formatUnits(before[0], usdc), formatUnits(after[0], usdc))],
    ['shop', columns(formatUnits(before[1], usdc), formatUnits(after[1], usdc))],
  ]
}

async function beRefused({ wallet, agent, chain }: Town, shop: Shop, code: string): Promise<readonly Row[]> {
  const url = `${shop.url}/paid`
  const quote = await wallet.quote(url)
  const error = await wallet.fetch(url).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )

  assert(isStipendError(error) && error.code === code, `it is refused with ${code}`)
  assert.equal(error.moved, 'no', 'nothing was signed')
  assert.equal(await chain.balanceOf(agent.address), 4_999_000n, 'no money has moved')
  const [sentence = '', ...details] = error.message.split('\n')
  return [
    ['request', `GET ${url}`],
    ['price', priceOf(quote)],
    ['policy', `refused: ${error.code}`, 'bad'],
    ['', sentence],
    ...details.map((detail): Row => ['', detail.trim()]),
  ]
}

function priceOf(quote: Quote | undefined): string {
  const [offer] = quote?.offers ?? []
  assert(offer && !offer.allowed, 'the quote says no before anything is signed')
  return `${formatUnits(offer.offer.amount, offer.offer.asset)} (${formatUsd(offer.microUsd)})`
}

async function countUp({ wallet, shops }: Town): Promise<readonly Row[]> {
  const lines = await wallet.budget()
  const payments = await wallet.payments.list()
  assert.equal(payments.length, 1, 'one payment is on record')
  assert.deepEqual([shops.cheap.sales(), shops.dear.sales(), shops.unlisted.sales()], [1, 0, 0])
  const rows = lines.map(({ name, used, left, max }): Row => {
    return ['', columns(name, formatUsd(used), formatUsd(left), formatUsd(max))]
  })
  return [['limits', columns('', 'used', 'left', 'of'), 'dim'], ...rows]
}

async function buildOnEvm(): Promise<Town> {
  const { buildTown } = await import('./town.ts')
  return buildTown()
}

async function buildOnSolana(): Promise<Town> {
  const { buildSolanaTown } = await import('./solana-town.ts')
  return buildSolanaTown()
}

play(
  "an agent buys a report, within its owner's rules",
  async () => {
    const town = await (process.argv.includes('--solana') ? buildOnSolana() : buildOnEvm())
    try {
      await tellStory(town)
    } finally {
      await town.leave()
    }
  },
  'All of it happened as shown: balances, transaction and refusals were checked.',
)
