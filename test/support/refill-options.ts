import type { RefillOptions } from 'stipend/actions'
import { delegations } from '../../src/assets/pinned-delegations.js'

const token = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
const word = '1'.padStart(64, '0')
const delegation = {
  delegate: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
  delegator: `0x${'1'.repeat(40)}`,
  authority: `0x${'f'.repeat(64)}`,
  caveats: [{ enforcer: delegations.periodTransfer, terms: `${token}${word}${word}${word}` }],
  salt: 1n,
  signature: `0x${'1'.repeat(130)}`,
} as const

/** Options of a refill that nobody has signed. */
export const topUp: RefillOptions = {
  network: 'eip155:84532',
  token,
  delegation,
  periodAmount: 1n,
  periodDuration: 1,
  floor: 1n,
  to: 2n,
}
