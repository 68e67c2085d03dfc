import type { Rpc } from 'stipend/evm'
import type { World } from './world.ts'

/** Two nodes of one chain. Both may be behind, or late; what the second says alone must free nothing. */
export function createNodes(world: World): readonly [Rpc, Rpc] {
  const { chain, state, time } = world
  const node = (index: 0 | 1): Rpc => ({
    request: (call) => chain.nodeAt(time.now() - state.lagMs[index]).request(call),
  })
  return [node(0), lyingNode(node(1), world)]
}

/** Longer than any node is waited for. */
const lateMs = 30_000

function lyingNode(node: Rpc, { state }: World): Rpc {
  return {
    request: async (call) => {
      const { lie } = state
      if (lie === 'silence') throw new TypeError('503')
      if (lie === 'lateness') await new Promise((resolve) => void setTimeout(resolve, lateMs))
      const [name] = (call.params ?? []) as readonly unknown[]
      const isFinal = call.method === 'eth_getBlockByNumber' && name === 'finalized'
      if (lie === 'head' && isFinal) return node.request({ ...call, params: ['latest', false] })
      const answer = await node.request(call)
      if (lie === 'time' && isFinal) return { ...(answer as object), timestamp: '0xffffffff' }
      return lie === 'nonce' && call.method === 'eth_call' ? `0x${'0'.repeat(64)}` : answer
    },
  }
}
