import type { ActionPlan, ChainLog, Flow, PlanToken } from '../ports/action.js'
import { formatUnits } from '../lib/format-amount.js'
import { encodeWord, decodeAddress, events } from './abi.js'
import type { Simulation, Watched } from './simulate.js'

/** Events by which something leaves an account, or somebody is let move it (ERC-20, 721, 1155 and Permit2). */
const topics = {
  transfer: events.transfer,
  approval: '0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925',
  approvalForAll: '0x17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31',
  transferSingle: '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62',
  transferBatch: '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb',
  permit2Approval: '0xda9fa7c1b00402c17d0161b249b1ab8bbec047c5a52207b9c112deffd817036b',
  permit2Permit: '0xc6a377bfc4eb120024a8ac08eef205be16b817020812c73223e81d1bdb9708ec',
} as const

/**
 * Says where what a simulation shows is not within a plan, with what it shows and what the plan has; nothing where it is
 * within it in every part: what leaves, what comes, who may move how much afterwards, and that every call succeeds.
 */
export function findDeparture(
  plan: ActionPlan,
  {
    simulation,
    watched,
    payer,
  }: {
    readonly simulation: Simulation
    readonly watched: readonly Watched[]
    readonly payer: string
  },
): string | undefined {
  const failed = simulation.calls.findIndex(({ succeeds }) => !succeeds)
  if (failed >= 0) return `the chain would not execute call ${failed + 1} of ${simulation.calls.length}`
  const balances = watched.map((one, index) => departBalance(plan, one, simulation, index))
  const logs = simulation.calls.flatMap((call) => call.logs).map((log) => departLog(plan, log, payer))
  return [...balances, ...logs].find((one) => one !== undefined)
}

function departBalance(
  plan: ActionPlan,
  one: Watched,
  { before, after }: Simulation,
  index: number,
): string | undefined {
  const [had, has] = [before[index], after[index]]
  const { symbol } = one.token
  const planned = [...plan.outflows, ...plan.inflows].find(({ token }) => isSame(token, one.token))?.token
  const rounding = planned?.rounding ?? 0n
  if (had === undefined || has === undefined) {
    // A token of the table that is not on this chain says nothing, before as after.
    const isSilent = had === has && !planned && one.type === 'balance'
    return isSilent ? undefined : `what the account has of ${symbol} cannot be read`
  }
  if (one.type === 'allowance') {
    const left = formatUnits(has, one.token)
    return has === 0n ? undefined : `${one.spender} could move ${left} afterwards, and the plan leaves nothing to move`
  }
  const out = sumOf(plan.outflows, one.token)
  if (had - has > out + rounding) {
    return `${formatUnits(had - has, one.token)} would leave, and the plan lets ${formatUnits(out, one.token)} leave`
  }
  const least = sumOf(plan.inflows, one.token)
  const came = has - had > 0n ? has - had : 0n
  if (least > 0n && (came + rounding < least || came === 0n)) {
    return `${formatUnits(came, one.token)} would come, and the plan needs ${formatUnits(least, one.token)}`
  }
  return undefined
}

/** What is not watched, because nobody knows of it, shows in the logs alone. */
function departLog(plan: ActionPlan, { address, topics: words, data }: ChainLog, payer: string): string | undefined {
  const [event, first, second] = words
  const us = encodeWord(payer)
  const isOut =
    (event === topics.transfer && first === us) ||
    ((event === topics.transferSingle || event === topics.transferBatch) && second === us)
  const isNothing = event === topics.transfer && words.length === 3 && /^0x0*$/.test(data)
  const isKnown = plan.outflows.some(({ token }) => token.address.toLowerCase() === address && isOfLog(token, words))
  if (isOut && !isNothing && !isKnown) return `something of ${address} would leave, and the plan says nothing of it`
  if (event === topics.approval && first === us) return departApproval(plan, { address, words, data })
  const isWide = event === topics.approvalForAll && first === us && !/^0x0*$/.test(data)
  if (isWide) return `${spenderIn(second)} could move all of ${address} afterwards, and the plan says nothing of it`
  if ((event === topics.permit2Approval || event === topics.permit2Permit) && first === us) {
    return `${spenderIn(words[3])} could move tokens by ${address} afterwards, and the plan says nothing of it`
  }
  return undefined
}

/** Of an ERC-721 the log names the very one. */
function isOfLog({ kind, id }: PlanToken, words: readonly string[]): boolean {
  return kind !== 'erc721' || words[3] === encodeWord(id ?? -1n)
}

function departApproval(
  { approvals }: ActionPlan,
  { address, words, data }: { readonly address: string; readonly words: readonly string[]; readonly data: string },
): string | undefined {
  const spender = spenderIn(words[2])
  const isNone = (words.length === 3 && /^0x0*$/.test(data)) || spender === `0x${'0'.repeat(40)}`
  const isPlanned = approvals.some(
    (one) => one.token.address.toLowerCase() === address && one.spender.toLowerCase() === spender,
  )
  return isNone || isPlanned
    ? undefined
    : `${spender} could move something of ${address}, and the plan has no such spender`
}

function spenderIn(word = ''): string {
  return /^0x[0-9a-f]{64}$/.test(word) ? decodeAddress(word) : 'somebody'
}

function sumOf(flows: readonly Flow[], token: PlanToken): bigint {
  return flows.filter((flow) => isSame(flow.token, token)).reduce((sum, { amount }) => sum + amount, 0n)
}

/** Tells whether two are the same thing. */
export function isSame(one: PlanToken, other: PlanToken): boolean {
  return one.address.toLowerCase() === other.address.toLowerCase() && (one.id ?? -1n) === (other.id ?? -1n)
}
