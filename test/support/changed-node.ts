import type { Rpc } from '../../src/evm/index.js'

/** What becomes of a call of a node, given what the real one would answer. */
export type ChangeAnswer = (
  call: { readonly method: string; readonly params?: unknown },
  ask: () => Promise<unknown>,
) => Promise<unknown>

type RealNode = { readonly request: (call: never) => Promise<unknown> }

/** A node that answers as the real one does, but for what a test changes. */
export function changedNode(real: RealNode, change: ChangeAnswer): Rpc {
  return { request: (call) => change(call, () => real.request(call as never)) }
}

/** A node that takes so many transactions, and is gone. */
export function nodeGoneAfter(real: RealNode, count: number): Rpc {
  let left = count
  return changedNode(real, async ({ method }, ask) => {
    if (method === 'eth_sendRawTransaction' && left-- <= 0) throw new Error('socket hang up')
    return ask()
  })
}
