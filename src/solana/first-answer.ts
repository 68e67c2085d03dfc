import type { Node } from './rpc.js'

/**
 * Asks nodes one after another, and answers what the first of them does that can.
 *
 * @throws Whatever the last of them failed with.
 */
export async function firstAnswer<value>(nodes: readonly Node[], ask: (node: Node) => Promise<value>): Promise<value> {
  let failure: unknown
  for (const node of nodes) {
    try {
      return await ask(node)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}
