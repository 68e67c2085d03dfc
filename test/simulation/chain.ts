import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import type { Rpc } from 'stipend/evm'
import { type Allowances, createAllowances, type SignedPermit } from './allowances.ts'
import type { Contract } from './contract.ts'
import { answer } from './evm-node.ts'
import { createPace } from './pace.ts'
import { contracts } from './permit2.ts'

/** What a payer has signed, as it is on the wire. */
export type SignedTransfer = {
  readonly from: string
  readonly to: string
  readonly value: string
  readonly validAfter: string
  readonly validBefore: string
  readonly nonce: string
  /** Who executes it: the token, or Permit2. */
  readonly contract: string
  /** Of what Permit2 executes: who may ask it to, and the token. */
  readonly spender?: string
  readonly token?: string
}

/** Money that moved; a thief with the key needs no nonce that anybody knows. */
export type Movement = Pick<SignedTransfer, 'from' | 'to' | 'nonce' | 'contract'> & {
  readonly value: bigint
  readonly block: number
  /** Unix milliseconds. */
  readonly at: number
  readonly transaction: string
  /** Whether a permit came with it. */
  readonly hasPermit: boolean
}

/** A chain with one token, whose blocks come every two seconds unless it is slow; the latest thirty are not final. */
export type Chain = {
  readonly movements: readonly Movement[]
  /** Executes what was signed, as its contract would: in its time, each nonce once, and by Permit2 as much as it may move. */
  readonly execute: (transfer: SignedTransfer, permit?: SignedPermit) => boolean
  /** Lets Permit2 move what a permit says. */
  readonly permit: (permit: SignedPermit) => boolean
  readonly takesPermit: (permit: SignedPermit) => boolean
  /** How much Permit2 may move. */
  readonly allowance: () => bigint
  readonly permitCounts: Allowances['counts']
  /** How much its owner had let it move. */
  readonly ownAllowance: bigint
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

type Payer = {
  /** How much its owner lets Permit2 move. */
  readonly ownAllowance: bigint
  readonly contract: Contract | undefined
}

/** Creates a chain, at a clock in Unix milliseconds, for one payer. */
export function createChain(clock: () => number, { ownAllowance, contract: payer }: Payer): Chain {
  const movements: Movement[] = []
  const allowances = createAllowances(ownAllowance)
  const pace = createPace(genesis, blockMs)
  const timeOf = (block: number): number => Math.floor(pace.timeOf(block) / 1000)
  const height = (): number => pace.heightAt(clock())
  const final = (): number => height() - finalBlocks
  const moment = () => ({ block: height(), seconds: timeOf(height()) })

  return {
    movements,
    ownAllowance,
    permitCounts: allowances.counts,
    execute: (transfer, permit) => {
      const { from, to, nonce, contract } = transfer
      const { block, seconds } = moment()
      const isUsed = movements.some((one) => one.nonce === nonce && one.contract === contract)
      if (!isInTime(transfer, seconds) || isUsed || payer?.isLocked()) return false
      const value = BigInt(transfer.value)
      if (contract === contracts.permit2 && !allowances.spend(value, permit, { block, seconds })) return false
      const transaction = `0x${bytesToHex(sha256(utf8ToBytes(`${nonce}/${block}/${movements.length}`)))}`
      const hasPermit = permit !== undefined
      movements.push({ from, to, value, nonce, contract, block, at: clock(), transaction, hasPermit })
      return true
    },
    permit: (permit) => allowances.take(permit, moment()),
    takesPermit: (permit) => allowances.takes(permit, moment()),
    allowance: () => allowances.at(height()).allowance,
    reorganise: () => {
      const kept = movements.filter((one) => one.block <= final())
      movements.splice(0, movements.length, ...kept)
      allowances.undo(final())
    },
    isFinal: (movement) => movement.block <= final(),
    nodeAt: (at) => {
      const head = pace.heightAt(at)
      const known = movements.filter(({ block }) => block <= head)
      const state = { movements: known, allowances, payer, timeOf, height: head, final: head - finalBlocks }
      return { request: async (call) => answer(call, state) }
    },
    slow: (times) => pace.set(blockMs * times, clock()),
  }
}

function isInTime({ contract, validAfter, validBefore }: SignedTransfer, seconds: number): boolean {
  const hasBegun = contract === contracts.permit2 ? seconds >= Number(validAfter) : seconds > Number(validAfter)
  return hasBegun && seconds < Number(validBefore)
}
