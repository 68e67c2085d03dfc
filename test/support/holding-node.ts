import { encodeAbiParameters, encodeEventTopics, type Hex, pad, parseAbi, parseAbiParameters } from 'viem'
import type { Rpc } from '../../src/evm/index.js'
import { changedNode } from './changed-node.ts'
import type { TempoNode } from './tempo.ts'

export const guard: Hex = '0xb10c000000000000000000000000000000000000'

const events = parseAbi([
  'event TransferBlocked(address indexed token, address indexed receiver, uint64 indexed blockedNonce, uint256 amount, uint8 receiptVersion, bytes receipt)',
  'event TransferWithMemo(address indexed from, address indexed to, uint256 amount, bytes32 indexed memo)',
])
const [withMemo] = encodeEventTopics({ abi: events, eventName: 'TransferWithMemo' })
const receiptShape = parseAbiParameters(
  'uint8 version, address token, address recoveryAuthority, address originator, address recipient, uint64 blockedAt, uint64 blockedNonce, uint8 blockedReason, uint8 kind, bytes32 memo',
)

type Log = Readonly<Record<string, unknown>> & {
  readonly address: Hex
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly transactionHash: Hex
}

type Filter = {
  readonly address: string | readonly string[]
  readonly topics: readonly unknown[]
  readonly fromBlock: string
  readonly toBlock: string
}

/**
 * A node as it would be of a chain on which every payee has a policy of its own that takes nothing (TIP-1028): a transfer with
 * a memo succeeds, is told as one to who holds it, and only there is its memo. The chain's rules here are older than that.
 */
export function holdingNode(node: TempoNode): Rpc {
  const told = (logs: readonly Log[]): readonly Log[] => {
    const held = logs.filter(({ topics }) => topics[0] === withMemo)
    const isHeld = ({ transactionHash, topics }: Log): boolean =>
      held.some(
        (one) => one.transactionHash === transactionHash && one.topics[1] === topics[1] && one.topics[2] === topics[2],
      )
    const redirected = (log: Log): Log => ({
      ...log,
      topics: log.topics.map((topic, at) => (at === 2 ? pad(guard) : topic)),
    })
    return [
      ...logs.filter(({ topics }) => topics[0] !== withMemo).map((log) => (isHeld(log) ? redirected(log) : log)),
      ...held.map(blockedOf),
    ]
  }
  return changedNode(node, async ({ method, params }, ask) => {
    if (method === 'eth_getTransactionReceipt') {
      const receipt = Object(await ask())
      return Array.isArray(receipt.logs) ? { ...receipt, logs: told(receipt.logs) } : receipt
    }
    if (method !== 'eth_getLogs') return ask()
    const [{ address, topics, fromBlock, toBlock }] = params as readonly [Filter]
    const all = await node.request({ method: 'eth_getLogs', params: [{ fromBlock, toBlock }] })
    const wanted = [address].flat().map((one) => String(one).toLowerCase())
    return told(all as readonly Log[]).filter(
      (log) =>
        wanted.includes(log.address.toLowerCase()) &&
        topics.every((topic, at) => [topic].flat().includes(log.topics[at])),
    )
  })
}

function blockedOf(log: Log): Log {
  const [, from = '0x', to = '0x', memo = '0x'] = log.topics
  const addressIn = (word: Hex): Hex => `0x${word.slice(-40)}`
  const receipt = encodeAbiParameters(receiptShape, [
    ...([1, log.address, addressIn(to), addressIn(from), addressIn(to), 1n, 7n, 2, 0, memo] as const),
  ])
  const amount = BigInt(log.data)
  return {
    ...log,
    address: guard,
    topics: encodeEventTopics({
      abi: events,
      eventName: 'TransferBlocked',
      args: { token: log.address, receiver: addressIn(to), blockedNonce: 7n },
    }) as readonly Hex[],
    data: encodeAbiParameters(parseAbiParameters('uint256, uint8, bytes'), [amount, 1, receipt]),
  }
}
