import type { Allowances } from './allowances.ts'
import type { Movement } from './chain.ts'
import type { Contract } from './contract.ts'
import { contracts } from './permit2.ts'

/** What a node knows at one instant. */
export type ChainState = {
  readonly movements: readonly Movement[]
  readonly allowances: Allowances
  /** The payer, where it is a contract. */
  readonly payer: Contract | undefined
  readonly timeOf: (block: number) => number
  readonly height: number
  readonly final: number
}

type Call = { readonly method: string; readonly params?: unknown }

const topics = {
  used: '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5',
  transfer: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
}

/** Answers like a node; its JSON is read by the code under test, so nothing here is shared with it. */
export function answer({ method, params }: Call, state: ChainState): unknown {
  const [first, second] = (params ?? []) as readonly unknown[]
  if (method === 'eth_getCode') return state.payer ? '0x6001' : '0x'
  if (method === 'eth_chainId') return '0x14a34'
  if (method === 'eth_getBlockByNumber') return describeBlock(blockNamed(String(first), state), state)
  if (method === 'eth_call') return word(view((first as { readonly data: string }).data, blockOf(second, state), state))
  if (method === 'eth_getLogs') return findLogs(first as LogFilter, state)
  const found = state.movements.filter((one) => one.transaction === first)
  if (method === 'eth_getTransactionByHash') return found[0] ? callOf(found[0]) : null
  return { status: '0x1', logs: found.flatMap(logsOf) }
}

/** What contracts say of the payer, whose address is in each question. */
const views: Readonly<Record<string, (argument: string, block: number, state: ChainState) => bigint>> = {
  /** `authorizationState(address,bytes32)` */
  '0xe94a0102': (nonce, block, { movements }) =>
    movements.some((one) => one.nonce === nonce && one.contract === contracts.token && isAt(one, block)) ? 1n : 0n,
  /** Permit2's `nonceBitmap(address,uint256)` */
  '0x4fe02b44': (at, block, { movements }) =>
    movements
      .filter((one) => one.contract === contracts.permit2 && isAt(one, block) && BigInt(one.nonce) >> 8n === BigInt(at))
      .reduce((bits, { nonce }) => bits | (1n << (BigInt(nonce) & 255n)), 0n),
  /** `allowance(address,address)` */
  '0xdd62ed3e': (_spender, block, { allowances }) => allowances.at(block).allowance,
  /** `nonces(address)` */
  '0x7ecebe00': (_owner, block, { allowances }) => allowances.at(block).nonce,
}

function isAt({ block }: Movement, upTo: number): boolean {
  return block <= upTo
}

function view(data: string, block: number, state: ChainState): bigint {
  if (data.startsWith(selectors.isValidSignature)) return isValid(data, state) ? yes : 0n
  // The token knows the call, and says that its time is over.
  if (data.startsWith(selectors.transferWithContract))
    throw Object.assign(new TypeError('reverted'), { data: '0x08c3' })
  const known = views[data.slice(0, 10)]
  if (!known) throw new TypeError('execution reverted')
  return known(`0x${data.slice(-64)}`, block, state)
}

const selectors = { isValidSignature: '0x1626ba7e', transferWithContract: '0xcf092995' }
const yes = BigInt(selectors.isValidSignature) << 224n

/** Asks the payer's contract of a digest, and of bytes behind their length. */
function isValid(data: string, { payer }: ChainState): boolean {
  const [digest, length] = [data.slice(10, 74), Number.parseInt(data.slice(138, 202), 16)]
  return payer?.takes(`0x${digest}`, `0x${data.slice(202, 202 + 2 * length)}`) ?? false
}

function blockNamed(name: string, state: ChainState): number {
  if (name === 'finalized') return state.final
  return name === 'latest' ? state.height : Number(BigInt(name))
}

function blockOf(named: unknown, state: ChainState): number {
  return typeof named === 'string'
    ? blockNamed(named, state)
    : Number.parseInt((named as { readonly blockHash: string }).blockHash.slice(2), 16)
}

/** A block's hash is its number here: nobody asks it of more. */
function describeBlock(number: number, { timeOf }: ChainState): unknown {
  return { number: hex(number), hash: word(BigInt(number)), timestamp: hex(timeOf(number)) }
}

type LogFilter = {
  readonly fromBlock: string
  readonly toBlock: string
  readonly topics: readonly (string | readonly string[])[]
}

function findLogs({ fromBlock, toBlock, topics: wanted }: LogFilter, { movements }: ChainState): readonly unknown[] {
  return movements
    .filter(({ block }) => block >= Number(BigInt(fromBlock)) && block <= Number(BigInt(toBlock)))
    .flatMap(logsOf)
    .filter((log) => wanted.every((topic, index) => [topic].flat().includes(log.topics[index] ?? '')))
}

/** Permit2 logs no use of a nonce. */
function logsOf({ contract, from, to, value, nonce, block, transaction }: Movement) {
  const log = { address: contracts.token, transactionHash: transaction, blockNumber: hex(block) }
  const moved = [topics.transfer, word(BigInt(from)), word(BigInt(to))]
  const transfer = { ...log, logIndex: '0x1', topics: moved, data: word(value) }
  if (contract === contracts.permit2) return [transfer]
  return [{ ...log, logIndex: '0x0', topics: [topics.used, word(BigInt(from)), nonce], data: '0x' }, transfer]
}

/** How x402's contract was called to settle by Permit2: by itself, or by a contract that settles many at once. */
function callOf({ contract, from, to, value, nonce, block, hasPermit }: Movement): unknown {
  if (contract !== contracts.permit2) return { to: contract, input: '0x' }
  const permit = hasPermit ? [value, 0n, 0n, 0n, 27n] : []
  const words = [...permit, BigInt(contracts.token), value, BigInt(nonce), 0n, BigInt(from), BigInt(to), 0n]
  const call = `${hasPermit ? 'fa340378' : '13cd3b53'}${words.map((one) => word(one).slice(2)).join('')}`
  return block % 3 === 0
    ? { to: `0x${'ba7c'.repeat(10)}`, input: `0x01020304${call}` }
    : { to: contracts.proxy, input: `0x${call}` }
}

function hex(number: number): string {
  return `0x${number.toString(16)}`
}

function word(value: bigint): string {
  return `0x${value.toString(16).padStart(64, '0')}`
}
