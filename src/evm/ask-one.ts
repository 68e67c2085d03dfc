import { within } from '../lib/deadline.js'
import type { Rpc } from './blocks.js'

/** Nodes of one chain, and how long each is waited for. */
export type Nodes = { readonly clients: readonly Rpc[]; readonly timeoutMs: number }

/** Asks one node after another until one answers. */
export async function askOne<value>(
  { clients, timeoutMs }: Nodes,
  question: (client: Rpc) => Promise<value>,
): Promise<value> {
  let failure: unknown
  for (const client of clients) {
    try {
      return await within(timeoutMs, question(client), 'a node did not answer in time')
    } catch (error) {
      failure = error
    }
  }
  throw failure
}
