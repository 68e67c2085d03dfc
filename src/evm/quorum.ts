import { within } from '../lib/deadline.js'
import type { Evidence } from '../ports/chain.js'
import { type Block, type Rpc, readBlock } from './blocks.js'

/** What one node says of a payment, and the final block it says it of. */
export type NodeAnswer = { readonly client: Rpc; readonly evidence: Evidence; readonly final?: Block | undefined }

/** How many nodes must say the same, and how long each is waited for. */
export type QuorumOptions = {
  readonly quorum: number
  readonly timeoutMs: number
  /** What of a payment is believed of one node to be taken, in atomic units: all that was signed for, and no part of it. */
  readonly amounts: readonly bigint[]
}

/**
 * Makes one answer of many. That a nonce was used is believed of one node, since it only makes a payment count; that it
 * never will be must be the word of a quorum on one chain of blocks.
 */
export async function agree(answers: readonly NodeAnswer[], agreement: QuorumOptions): Promise<Evidence> {
  const evidence = answers.map((answer) => answer.evidence)
  const executed = await agreeOnAmount(answers, agreement)
  const seen = executed ?? evidence.find(({ type }) => type === 'diverted')
  if (seen) return seen
  for (const type of ['cancelled', 'expired'] as const) {
    const alike = answers.filter((answer) => answer.evidence.type === type)
    if (alike[0] && (await areOnOneChain(alike, agreement))) return alike[0].evidence
  }
  const open = evidence.filter((one) => one.type === 'open')
  return open.find(({ canExecute }) => canExecute) ?? open[0] ?? { type: 'open', reason: 'the nodes do not agree' }
}

/** That less was taken than was held frees the rest: it is believed of a quorum only, and the whole of any one node. */
async function agreeOnAmount(answers: readonly NodeAnswer[], agreement: QuorumOptions): Promise<Evidence | undefined> {
  const executed = answers.filter(({ evidence }) => evidence.type === 'executed')
  const [first] = executed
  if (!first) return undefined
  const whole = executed.find(({ evidence }) => agreement.amounts.some((amount) => amount === amountIn(evidence)))
  if (whole) return whole.evidence
  const alike = executed.filter(({ evidence }) => amountIn(evidence) === amountIn(first.evidence))
  if (await areOnOneChain(alike, agreement)) return first.evidence
  return { type: 'open', reason: 'the nodes do not agree on how much was taken' }
}

function amountIn(evidence: Evidence): bigint | undefined {
  return evidence.type === 'executed' ? evidence.amount : undefined
}

/** Tells whether a quorum of nodes has the same block at the greatest height that is final to a quorum of them. */
async function areOnOneChain(answers: readonly NodeAnswer[], { quorum, timeoutMs }: QuorumOptions): Promise<boolean> {
  const blocks = answers.flatMap(({ client, final }) => (final ? [{ client, final }] : []))
  const heights = blocks.map(({ final }) => final.number).toSorted((one, other) => (one < other ? 1 : -1))
  const height = heights[quorum - 1]
  if (height === undefined) return false
  const reached = blocks.filter(({ final }) => final.number >= height)
  const hashes = await Promise.all(
    reached.map(async ({ client, final }) => {
      if (final.number === height) return final.hash.toLowerCase()
      const block = within(timeoutMs, readBlock(client, height), 'a node did not answer in time')
      return block.then(({ hash }) => hash.toLowerCase()).catch(() => undefined)
    }),
  )
  return hashes.some((hash) => hash !== undefined && hashes.filter((other) => other === hash).length >= quorum)
}
