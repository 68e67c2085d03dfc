import { type Address, isAddress } from '@solana/kit'
import type { Commitment } from './blocks.ts'
import { RpcError } from './errors.ts'
import type { Config, Node } from './node.ts'

/** Reads the options of a call at its place; none are an empty object. */
export function configAt(params: readonly unknown[], place: number): Config {
  const config = params[place] ?? {}
  if (typeof config !== 'object') throw new RpcError(-32602, 'Invalid params: expected an object')
  return config
}

/** Reads a commitment; a node's default is `finalized`. */
export function readCommitment({ commitment = 'finalized' }: Config): Commitment {
  if (commitment === 'processed' || commitment === 'confirmed' || commitment === 'finalized') return commitment
  // Old clients call them so.
  if (commitment === 'max' || commitment === 'root') return 'finalized'
  if (commitment === 'recent') return 'processed'
  if (commitment === 'single' || commitment === 'singleGossip') return 'confirmed'
  throw new RpcError(-32602, `Invalid params: unknown variant ${String(commitment)}`)
}

/** Reads a commitment for what is in blocks, which nodes do not look for below `confirmed`. */
export function readHistoryCommitment(config: Config): 'confirmed' | 'finalized' {
  const commitment = readCommitment(config)
  if (commitment !== 'processed') return commitment
  throw new RpcError(-32602, 'Method does not support commitment below `confirmed`')
}

/** Reads an address. */
export function readAddress(param: unknown): Address {
  if (typeof param === 'string' && isAddress(param)) return param
  throw new RpcError(-32602, 'Invalid param: Invalid')
}

/** Reads a list of strings, of a hundred or so at most. */
export function readStrings(param: unknown, max: number): readonly string[] {
  if (Array.isArray(param) && param.length <= max && param.every((item) => typeof item === 'string')) return param
  throw new RpcError(-32602, `Invalid params: expected at most ${max} strings`)
}

/** Says of which block a value is. */
export function inContext(node: Node, commitment: Commitment, value: unknown): unknown {
  return { context: { apiVersion: '4.3.0', slot: node.blocks.at(commitment).slot }, value }
}
