/** What the payer signs for its token, so that Permit2 may move some of it (EIP-2612). */
export type SignedPermit = {
  readonly value: bigint
  readonly nonce: bigint
  /** In Unix seconds; in this one it is taken for the last time. */
  readonly deadline: bigint
}

/** How much of the payer's tokens Permit2 may move from a block on, and the nonce of the next permit. */
type Standing = { readonly block: number; readonly allowance: bigint; readonly nonce: bigint }

/** When something is asked of the token: in a block, of a time in Unix seconds. */
type Moment = { readonly block: number; readonly seconds: number }

/** What a token knows of the payer and Permit2. */
export type Allowances = {
  readonly at: (block: number) => Standing
  readonly takes: (permit: SignedPermit, moment: Moment) => boolean
  /** Takes a permit by itself: whoever has it can hand it in. */
  readonly take: (permit: SignedPermit, moment: Moment) => boolean
  /** Lets Permit2 move so much, by the permit that comes with it: one that is not taken is passed over. */
  readonly spend: (value: bigint, permit: SignedPermit | undefined, moment: Moment) => boolean
  /** How many permits were taken, and how many were handed in that the token did not take. */
  readonly counts: { taken: number; refused: number }
  /** Undoes what is of later blocks. */
  readonly undo: (after: number) => void
}

/** Creates what a token knows where its owner has let Permit2 move so much. */
export function createAllowances(allowance: bigint): Allowances {
  const standings: Standing[] = [{ block: 0, allowance, nonce: 0n }]
  const at = (block: number): Standing =>
    standings.findLast((one) => one.block <= block) ?? { block: 0, allowance: 0n, nonce: 0n }
  const counts = { taken: 0, refused: 0 }
  const takes: Allowances['takes'] = ({ nonce, deadline }, { block, seconds }) =>
    nonce === at(block).nonce && BigInt(seconds) <= deadline
  /** A permit takes the place of what was allowed before. */
  const after = (permit: SignedPermit | undefined, moment: Moment): Standing => {
    const { block } = moment
    const isTaken = permit !== undefined && takes(permit, moment)
    if (permit) counts[isTaken ? 'taken' : 'refused'] += 1
    return isTaken ? { block, allowance: permit.value, nonce: permit.nonce + 1n } : { ...at(block), block }
  }
  return {
    at,
    takes,
    counts,
    take: (permit, moment) => {
      const isTaken = takes(permit, moment)
      standings.push(after(permit, moment))
      return isTaken
    },
    spend: (value, permit, moment) => {
      // The proxy refuses one of another amount, and with a transfer that fails all is undone.
      if (permit && permit.value !== value) return false
      const before = after(permit, moment)
      if (before.allowance < value) return false
      standings.push({ ...before, allowance: before.allowance - value })
      return true
    },
    undo: (after) => void standings.splice(0, standings.length, ...standings.filter(({ block }) => block <= after)),
  }
}
