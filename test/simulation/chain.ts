import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import type { Rpc } from 'stipend/evm'
import { createPace } from './pace.ts'

/** What a payer has signed, as it is on the wire. */
export type SignedTransfer = {
  readonly from: string
  readonly to: string
  readonly value: string
  readonly validAfter: string
  readonly validBefore: string
  readonly nonce: string
}

/** Money that moved; a thief with the key needs no nonce that anybody knows. */
export type Movement = {
  readonly from: string
  readonly to: string
  readonly value: bigint
  readonly nonce: string
  readonly block: number
  /** Unix milliseconds. */
  readonly at: number
  readonly transaction: string
}

/** A chain with one token, whose blocks come every two seconds unless it is slow; the latest thirty are not final. */
export type Chain = {
  readonly movements: readonly Movement[]
  /** Executes what was signed, as the token contract would: in its time, and each nonce once. */
  readonly execute: (transfer: SignedTransfer) => boolean
  /** Undoes what the latest blocks that are not final have executed. */
  readonly reorganise: () => void
  readonly isFinal: (movement: Movement) => boolean
  /** A node as it was at an instant in Unix milliseconds: it knows of no later block. */
  readonly nodeAt: (at: number) => Rpc
  /** From now on a block takes so many times as long. */
  readonly slow: (times: number) => void
}

const blockMs = 2000
const finalBlocks = 30
const genesis = Date.UTC(2026, 0, 1)
const token = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
const topics = {
  used: '0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5',
  transfer: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
}

/** Creates a chain, at a clock in Unix milliseconds. */
export function createChain(clock: () => number): Chain {
  const movements: Movement[] = []
  const pace = createPace(genesis, blockMs)
  const timeOf = (block: number): number => Math.floor(pace.timeOf(block) / 1000)
  const height = (): number => pace.heightAt(clock())
  const final = (): number => height() - finalBlocks
  const find = (nonce: string, upTo: number): Movement | undefined =>
    movements.find((one) => one.nonce === nonce && one.block <= upTo)

  return {
    movements,
    execute: ({ from, to, value, validAfter, validBefore, nonce }) => {
      const block = height()
      const seconds = timeOf(block)
      const isInTime = seconds > Number(validAfter) && seconds < Number(validBefore)
      if (!isInTime || find(nonce, block)) return false
      const transaction = `0x${bytesToHex(sha256(utf8ToBytes(`${nonce}/${block}/${movements.length}`)))}`
      movements.push({ from, to, value: BigInt(value), nonce, block, at: clock(), transaction })
      return true
    },
    reorganise: () => {
      const kept = movements.filter((one) => one.block <= final())
      movements.splice(0, movements.length, ...kept)
    },
    isFinal: (movement) => movement.block <= final(),
    nodeAt: (at) => {
      const head = pace.heightAt(at)
      const known = movements.filter(({ block }) => block <= head)
      const state = { movements: known, find, timeOf, height: head, final: head - finalBlocks }
      return { request: async (call) => answer(call, state) }
    },
    slow: (times) => pace.set(blockMs * times, clock()),
  }
}

type State = {
  readonly movements: readonly Movement[]
  readonly find: (nonce: string, upTo: number) => Movement | undefined
  readonly timeOf: (block: number) => number
  readonly height: number
  readonly final: number
}

/** Answers like a node; its JSON is read by the code under test, so nothing here is shared with it. */
function answer({ method, params }: { readonly method: string; readonly params?: unknown }, state: State): unknown {
  const [first, second] = (params ?? []) as readonly unknown[]
  if (method === 'eth_chainId') return '0x14a34'
  if (method === 'eth_getBlockByNumber') return describeBlock(blockNamed(String(first), state), state)
  if (method === 'eth_call') {
    const { data } = first as { readonly data: string }
    const block = Number.parseInt((second as { readonly blockHash: string }).blockHash.slice(2), 16)
    return word(state.find(`0x${data.slice(74)}`, block) ? 1n : 0n)
  }
  if (method === 'eth_getLogs') return findLogs(first as LogFilter, state)
  const found = state.movements.filter((one) => one.transaction === first)
  return { status: '0x1', logs: found.flatMap(logsOf) }
}

function blockNamed(name: string, state: State): number {
  if (name === 'finalized') return state.final
  return name === 'latest' ? state.height : Number(BigInt(name))
}

/** A block's hash is its number here: nobody asks it of more. */
function describeBlock(number: number, { timeOf }: State): unknown {
  return { number: hex(number), hash: word(BigInt(number)), timestamp: hex(timeOf(number)) }
}

type LogFilter = {
  readonly fromBlock: string
  readonly toBlock: string
  readonly topics: readonly (string | readonly string[])[]
}

function findLogs({ fromBlock, toBlock, topics: wanted }: LogFilter, { movements }: State): readonly unknown[] {
  return movements
    .filter(({ block }) => block >= Number(BigInt(fromBlock)) && block <= Number(BigInt(toBlock)))
    .flatMap(logsOf)
    .filter((log) => wanted.every((topic, index) => [topic].flat().includes(log.topics[index] ?? '')))
}

function logsOf({ from, to, value, nonce, block, transaction }: Movement) {
  const log = { address: token, transactionHash: transaction, blockNumber: hex(block) }
  return [
    { ...log, logIndex: '0x0', topics: [topics.used, word(BigInt(from)), nonce], data: '0x' },
    { ...log, logIndex: '0x1', topics: [topics.transfer, word(BigInt(from)), word(BigInt(to))], data: word(value) },
  ]
}

function hex(number: number): string {
  return `0x${number.toString(16)}`
}

function word(value: bigint): string {
  return `0x${value.toString(16).padStart(64, '0')}`
}
