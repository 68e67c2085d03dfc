import type { ChainLog, PlanToken } from '../ports/action.js'
import type { Hex } from '../types.js'
import { encodeCall, encodeQuantity, functions, readHex } from './abi.js'
import type { Rpc } from './blocks.js'

/** A call as nodes take it. */
export type SimulatedCall = { readonly to: string; readonly value: bigint; readonly data: Hex }

/** Something of which is asked how much the account has, before and after. */
export type Watched =
  | { readonly type: 'balance'; readonly token: PlanToken }
  | { readonly type: 'allowance'; readonly token: PlanToken; readonly spender: string }

/** What a node says that some calls do, one after another, to what is watched. */
export type Simulation = {
  readonly calls: readonly {
    readonly succeeds: boolean
    readonly gasUsed: bigint
    readonly logs: readonly ChainLog[]
  }[]
  /** In the order of what is watched; nothing where it cannot be read. */
  readonly before: readonly (bigint | undefined)[]
  readonly after: readonly (bigint | undefined)[]
}

/** Where the code stands, in the simulation alone, that answers what an address has of the chain's own coin. */
const probe = '0x00000000000000000000000000000000000b41a0'
/** `mstore(0, balance(calldataload(0))) return(0, 32)`; in opcodes that every EVM chain has. */
const probeCode = '0x6000353160005260206000f3'
const nobody = '0x0000000000000000000000000000000000000000'
const maxGas = 5_000_000n

/** ERC-721 `ownerOf(uint256)` and ERC-1155 `balanceOf(address,uint256)`. */
const nfts = { ownerOf: '0x6352211e', balanceOf: '0x00fdd58e' } as const

/**
 * Asks a node what an account's calls do on a block, all of them together (`eth_simulateV1`), and what the account has
 * before and after.
 */
export async function simulate(
  client: Rpc,
  {
    payer,
    hash,
    calls,
    watched,
  }: {
    readonly payer: string
    readonly hash: string
    readonly calls: readonly SimulatedCall[]
    readonly watched: readonly Watched[]
  },
): Promise<Simulation> {
  const reads = watched.map((one) => ({ from: nobody, ...readOf(one, payer), gas: encodeQuantity(500_000n) }))
  const writes = calls.map(({ to, value, data }) => ({
    from: payer,
    to,
    value: encodeQuantity(value),
    data,
    gas: encodeQuantity(maxGas),
  }))
  const block = { stateOverrides: { [probe]: { code: probeCode } }, calls: [...reads, ...writes, ...reads] }
  const options = { blockStateCalls: [block], validation: false, traceTransfers: false }
  const answer = await client.request({ method: 'eth_simulateV1', params: [options, { blockHash: hash }] })
  const [simulated] = Array.isArray(answer) ? answer : []
  const results: readonly unknown[] = Object(simulated).calls ?? []
  if (results.length !== block.calls.length) throw new TypeError('a node simulated other calls than it was asked to')
  const end = reads.length + writes.length
  return {
    before: results.slice(0, reads.length).map((one, index) => readAmount(one, watched[index], payer)),
    calls: results.slice(reads.length, end).map(readResult),
    after: results.slice(end).map((one, index) => readAmount(one, watched[index], payer)),
  }
}

function readOf(one: Watched, payer: string): { readonly to: string; readonly data: Hex } {
  const { kind, address, id = 0n } = one.token
  if (one.type === 'allowance') return { to: address, data: encodeCall(functions.allowance, payer, one.spender) }
  if (kind === 'coin') return { to: probe, data: encodeCall('0x', payer) }
  if (kind === 'erc721') return { to: address, data: encodeCall(nfts.ownerOf, id) }
  if (kind === 'erc1155') return { to: address, data: encodeCall(nfts.balanceOf, payer, id) }
  return { to: address, data: encodeCall(functions.balanceOf, payer) }
}

function readAmount(result: unknown, one: Watched | undefined, payer: string): bigint | undefined {
  const { status, returnData } = Object(result)
  if (BigInt(status) !== 1n || typeof returnData !== 'string' || returnData.length < 66) return undefined
  const word = readHex(returnData.slice(0, 66), 32)
  // Who owns an NFT is answered by an address: we have one of it, or none.
  if (one?.token.kind === 'erc721') return BigInt(word) === BigInt(payer) ? 1n : 0n
  return BigInt(word)
}

function readResult(result: unknown): Simulation['calls'][number] {
  const { status, gasUsed, logs = [] } = Object(result)
  if (!Array.isArray(logs)) throw new TypeError('a node answered a simulation with something else')
  return {
    succeeds: BigInt(status) === 1n,
    gasUsed: BigInt(gasUsed),
    logs: logs.map(readLog),
  }
}

/** Reads a log as a node writes it. */
export function readLog(log: unknown): ChainLog {
  const { address, topics, data } = Object(log)
  const words = Array.isArray(topics) ? topics.map((topic) => String(topic).toLowerCase()) : []
  return { address: String(address).toLowerCase(), topics: words, data: String(data).toLowerCase() }
}

/** Writes a simulation so that equal ones are equal text, and reads it again. */
export const simulationText = {
  write: (simulation: Simulation): string =>
    JSON.stringify(simulation, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)),
  read: (text: string): Simulation =>
    JSON.parse(text, (_key, value: unknown) =>
      typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
    ),
} as const
