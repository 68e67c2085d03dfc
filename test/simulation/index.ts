import { parseArgs } from 'node:util'
import { contracts } from './permit2.ts'
import { simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    rounds: { type: 'string', default: '50' },
    steps: { type: 'string', default: '80' },
    /** Stops at the first promise that is broken. */
    stop: { type: 'boolean', default: false },
  },
})
// Chance is right here: the seed is printed, and tells the same story again.
const first = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const [rounds, steps] = [Number(values.rounds), Number(values.steps)]
if (![first, rounds, steps].every(Number.isSafeInteger))
  throw new TypeError('--seed, --rounds and --steps are whole numbers')

process.stdout.write(`simulating ${rounds} rounds of ${steps} steps from seed ${first}\n`)
let [held, sent, executed] = [0, 0, 0]
let [permits, taken, refused, byPermit2] = [0, 0, 0, 0]
for (let round = 0; round < rounds && !(values.stop && process.exitCode); round += 1) {
  try {
    const { world } = await simulate(first + round, steps)
    held += 1
    sent += world.shop.sightings.length
    executed += world.chain.movements.length + world.solana.landed.length
    permits += world.permits.size
    taken += world.chain.permitCounts.taken
    refused += world.chain.permitCounts.refused
    byPermit2 += world.chain.movements.filter(({ contract }) => contract === contracts.permit2).length
    if (held % 500 === 0) process.stdout.write(`${held} rounds held\n`)
  } catch (error) {
    process.stdout.write(`${error instanceof Error ? error.message : error}\n`)
    process.stdout.write(`again: npm run simulate -- --seed ${first + round} --rounds 1 --steps ${steps}\n`)
    process.exitCode = 1
  }
}
process.stdout.write(`${permits} permits signed, ${taken} taken and ${refused} refused; ${byPermit2} paid by Permit2\n`)
process.stdout.write(`${sent} payments sent, ${executed} executed: every promise held in ${held} of ${rounds} rounds\n`)
// What processes that died had begun still waits for its time-outs.
process.exit()
