import type { Rpc } from 'stipend/evm'
import type { Guard } from './process.ts'
import type { World } from './world.ts'

/** Two nodes of one chain. Both may be behind, or late; what the second says alone must free nothing. */
export function createNodes(world: World): readonly [Rpc, Rpc] {
  const { chain, state, time, chance } = world
  const node = (index: 0 | 1): Rpc => ({
    request: async (call) => {
      const answer = await chain.nodeAt(time.now() - state.lagMs[index]).request(call)
      // What is permitted, by which nonce, and what a contract says, either may make up.
      return state.lie === 'permit' && isOfPayer(call) ? chance.pick(madeUp) : answer
    },
  })
  return [node(0), lyingNode(node(1), world)]
}

const madeUp = [0n, 7n, 1n << 255n].map((value) => `0x${value.toString(16).padStart(64, '0')}`)

/** `allowance(address,address)`, `nonces(address)` and `isValidSignature(bytes32,bytes)`. */
function isOfPayer({ method, params }: Parameters<Rpc['request']>[0]): boolean {
  const [first] = (params ?? []) as readonly { readonly data?: string }[]
  return method === 'eth_call' && ['0xdd62ed3e', '0x7ecebe00', '0x1626ba7e'].includes(first?.data?.slice(0, 10) ?? '')
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

/** The URLs of two nodes of Solana. */
export const solanaNodes = ['https://first.example/', 'https://second.example/']

/** Asks the nodes of Solana. Both may be behind; what the second says alone must free nothing. */
export function createSolanaFetch(world: World, guard: Guard): typeof fetch {
  return async (input, init) => {
    const { url } = new Request(input)
    const { id, method, params } = JSON.parse(String(init?.body))
    return guard(async () => {
      const result = await askSolana(world, solanaNodes.indexOf(url), { method, params })
      return Response.json({ jsonrpc: '2.0', id, result })
    })
  }
}

type Question = { readonly method: string; readonly params: readonly unknown[] }

async function askSolana(
  { solana, state, time }: World,
  index: number,
  { method, params }: Question,
): Promise<unknown> {
  const ask = (asked: readonly unknown[]) => solana.ask(method, asked, time.now() - (state.lagMs[index] ?? 0))
  if (index === 0) return ask(params)
  const { lie } = state
  if (lie === 'silence') throw new TypeError('503')
  if (lie === 'lateness') await new Promise((resolve) => void setTimeout(resolve, lateMs))
  if (lie === 'head' && method === 'getEpochInfo') return ask([{ commitment: 'confirmed' }])
  if (lie === 'time' && method === 'getBlockTime') return 0xffffffff
  if (lie === 'nonce' && method === 'getSignaturesForAddress') return []
  if (lie === 'nonce' && method === 'isBlockhashValid') return { ...(ask(params) as object), value: false }
  return ask(params)
}
