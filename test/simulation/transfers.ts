import { isStipendError } from 'stipend'
import type { GasPayer } from 'stipend/evm'
import type { SignedTransfer } from './chain.ts'
import { contracts } from './permit2.ts'
import type { Guard } from './process.ts'
import { readPayment } from './rails.ts'
import { wake } from './wake.ts'
import type { World } from './world.ts'

const second = 1000
/** Whom the owner transfers to, each in one transfer. */
export const transferPayees = Array.from({ length: 100 }, (_, index) => `0x${'5'.repeat(37)}${String(100 + index)}`)

/** Submits signed transfers, and does so late, never or without an answer by chance. */
export function createGasPayer(world: World, guard: Guard): GasPayer {
  const { chance, shop, time, chain, solana, permits, state } = world
  return {
    sendTransaction: ({ data }) =>
      guard(async () => {
        const payment = readPayment({ authorization: decode(data) }, undefined, {
          chain,
          solana,
          permits,
          now: time.now,
        })
        shop.sightings.push({ ...payment, path: `/transfer/${payment.to.toLowerCase()}` })
        const deed = chance.pick(['send', 'send', 'keep', 'drop', 'hang'] as const)
        const transaction = deed === 'keep' ? undefined : payment.execute()
        if (deed === 'drop') throw new TypeError('the connection was lost')
        if (deed === 'hang') await new Promise(() => {})
        return transaction ?? `0x${'88'.repeat(32)}`
      }, state.outage.network),
  }
}

/** Reads a call of `transferWithAuthorization`. */
function decode(data: string): SignedTransfer {
  const words = data.slice(10).match(/.{64}/g) ?? []
  const [from = '', to = '', value, validAfter, validBefore, nonce] = words
  const number = (word = ''): string => BigInt(`0x${word}`).toString()
  return {
    from: `0x${from.slice(24)}`,
    to: `0x${to.slice(24)}`,
    value: number(value),
    validAfter: number(validAfter),
    validBefore: number(validBefore),
    nonce: `0x${nonce}`,
    contract: contracts.token,
  }
}

/** The owner transfers, with a name or without, and tries again until it is done. */
export async function transfer(world: World): Promise<string> {
  const { chance, state, time } = world
  const isNew = state.transfers === 0 || chance.is(0.7)
  if (isNew) state.transfers += 1
  // What has no name is another transfer each time it is asked for: those that were named are asked for again.
  const number = isNew ? state.transfers : 2 * chance.below(Math.ceil(state.transfers / 2))
  const key = number % 2 === 0 ? `invoice-${number}` : undefined
  const outcomes: string[] = []
  for (let attempt = 0; attempt < 3 && !outcomes.at(-1)?.startsWith('claimed'); attempt += 1) {
    outcomes.push(await send(world, number % transferPayees.length, key))
    if (outcomes.at(-1) === 'crashed') await wake(world, world.process())
    await time.pass(chance.pick([0, 20, 120]) * second)
  }
  return outcomes.join(', ')
}

async function send(world: World, index: number, key: string | undefined): Promise<string> {
  const process = world.process()
  const crashed = process.crashed()
  const network = 'eip155:84532'
  const to = transferPayees[index] ?? ''
  const sent = process.wallet().transfer({ to, amount: 50_000n + BigInt(index), asset: 'USDC', network, key })
  const outcome = sent.then(
    ({ status }) => status,
    (error: unknown) => {
      if (isStipendError(error)) return `${error.code} (${error.moved})`
      throw error
    },
  )
  return Promise.race([outcome, crashed])
}
