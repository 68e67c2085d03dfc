import type { Payment } from 'stipend'
import { contracts } from './permit2.ts'
import { idOf, isFree } from './rails.ts'
import { require } from './require.ts'
import type { NotedPermit, World } from './world.ts'

/** Checks what has to hold of permits beside payments: each lets Permit2 move one payment, and nothing after its end. */
export function checkPermits(standing: readonly Payment[], { chain, shop, permits, contract }: World): void {
  require('I10', contract === undefined ||
    permits.size === 0, 'a contract signed a permit, and tokens take those of keys')
  for (const one of permits.values()) checkPermit(one)
  // A payment that is signed anew may need none any more: what its first permit gave is left.
  const exposed = chain.allowance()
  const isExplained = exposed <= chain.ownAllowance || [...permits.values()].some(({ value }) => exposed <= value)
  require('I10', isExplained, `Permit2 may move ${exposed}, and no payment says so`)
  const free = new Set(standing.flatMap((payment) => (isFree(payment.status) ? [idOf(payment)] : [])))
  for (const { id, permit } of shop.sightings) {
    if (permit === undefined) continue
    require('I10', permits.has(permit.signature), 'a permit was sent that was not signed')
    require('I5', !free.has(id) || !permit.canSubmit(), 'a payment is over, and its permit can still be taken')
  }
}

/** I3 and I10: before it was signed, the ledger had a payment of just so much, by Permit2 and with this nonce. */
function checkPermit({ value, nonce, deadline, token, spender, recorded }: NotedPermit): void {
  require('I10', spender === contracts.permit2, `${spender} may move tokens`)
  require('I10', token === contracts.token, 'a permit was signed for another token')
  const isRecorded = recorded.some(
    ({ amount, terms }) =>
      terms.method === 'permit2' && amount === value && BigInt(terms.validBefore) - 1n === deadline,
  )
  require('I10', isRecorded, `a permit of ${value} by nonce ${nonce} was signed, and no payment needs it`)
}
