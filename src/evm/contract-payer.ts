import { hexToBytes } from '@noble/hashes/utils'
import type { ContractPayers, ContractSignature } from '../ports/chain.js'
import type { Hex, Offer } from '../types.js'
import { decodeAddress, encodeBytes, encodeCallWithBytes, encodeWord, functions } from './abi.js'
import { askOne, type Nodes } from './ask-one.js'
import type { Rpc } from './blocks.js'
import { isSignedBy, parseSignature } from './signature.js'

/** The longest signature of a contract that is taken, in bytes: with a passkey and a deployment they are half of it. */
export const maxContractSignature = 2048

/** What is at the end of a signature that says how to deploy its contract (ERC-6492). */
const wrapperMark = '6492'.repeat(16)

/** Makes several calls in one; it has the same address on every chain. */
const multicall = '0xcA11bde05977b3631167028862bE2a173976CA11'

/** The code of an account of a key that acts by a contract's code begins with it (EIP-7702). */
const delegationMark = '0xef0100'

/** Asks a chain's nodes what contracts say of signatures. Their yes spends nothing: the payment counts already. */
export function createContractPayers(nodes: Nodes): ContractPayers {
  return Object.freeze({
    refuse: (offer: Offer, payer: string) => askOne(nodes, (client) => refuseContract(client, offer, payer)),
    check: (signature: ContractSignature) => checkContract(nodes, signature),
  })
}

/**
 * A token that moves on the signatures of keys alone would take none of a contract. That is found by a call whose time is
 * over: a token that knows the call says that it is, and one that does not says nothing.
 */
async function refuseContract(
  client: Rpc,
  { asset, scheme, extra }: Offer,
  payer: string,
): Promise<string | undefined> {
  if (scheme === 'upto' || extra['assetTransferMethod'] === 'permit2') return undefined
  // A key that acts by code can still sign as a key.
  if ((await readCode(client, payer)).startsWith(delegationMark)) return undefined
  const nothing = [payer, payer, 0n, 0n, 0n, `0x${'0'.repeat(64)}`]
  const data = encodeCallWithBytes(functions.transferWithContract, nothing, '0x')
  try {
    await client.request({ method: 'eth_call', params: [{ to: asset.address, data }, 'latest'] })
    return undefined
  } catch (error) {
    if (revertData(error) !== '0x') return undefined
    return `${asset.symbol} on ${asset.network} takes no signature of a contract, and the payer is one`
  }
}

/** What a call was undone with, wherever a client puts that: at most a few causes deep. */
function revertData(error: unknown): unknown {
  let one: unknown = error
  for (let depth = 0; depth < 8 && one !== undefined; depth += 1) {
    const { data, cause } = Object(one)
    if (typeof data === 'string') return data
    one = cause
  }
  return undefined
}

/** What of a signature is the contract's own and, where it is not deployed, the call that does it. */
type Unwrapped = { readonly own: Hex; readonly factory?: Hex; readonly deployment?: Hex }

async function checkContract(
  nodes: Nodes,
  { payer, digest, signature }: ContractSignature,
): Promise<string | undefined> {
  const unwrapped = unwrap(signature)
  if (unwrapped === undefined) return `the signer answered with no signature of at most ${maxContractSignature} bytes`
  return askOne(nodes, async (client) => {
    const code = await readCode(client, payer)
    if (code === '0x') return checkUndeployed(client, { payer, digest }, unwrapped)
    const data = encodeCallWithBytes(functions.isValidSignature, [digest], unwrapped.own)
    const answer = await client.request({ method: 'eth_call', params: [{ to: payer, data }, 'latest'] }).catch(() => '')
    return isYes(answer) ? undefined : refused
  })
}

const refused = "the payer's contract does not take the signature as its own"

/** Deploys the contract and asks it, in a call that changes nothing. */
async function checkUndeployed(
  client: Rpc,
  { payer, digest }: Omit<ContractSignature, 'signature'>,
  { own, factory, deployment }: Unwrapped,
): Promise<string | undefined> {
  if (factory === undefined || deployment === undefined) {
    const parsed = parseSignature(own)
    // A key that does not act by code yet signs as keys do.
    const isOfKey = parsed !== undefined && isSignedBy(hexToBytes(digest.slice(2)), parsed, payer as Hex)
    return isOfKey ? undefined : "the payer's contract is not deployed, and its signature does not say how to"
  }
  const question = encodeCallWithBytes(functions.isValidSignature, [digest], own)
  const data = encodeCalls([
    { to: factory, data: deployment },
    { to: payer as Hex, data: question },
  ])
  const answer = await client.request({ method: 'eth_call', params: [{ to: multicall, data }, 'latest'] })
  return isYes(readLastResult(answer)) ? undefined : refused
}

async function readCode(client: Rpc, address: string): Promise<string> {
  const code = await client.request({ method: 'eth_getCode', params: [address, 'latest'] })
  if (typeof code === 'string' && /^0x(?:[0-9a-fA-F]{2})*$/.test(code)) return code.toLowerCase()
  throw new TypeError('a node answered eth_getCode with something else')
}

/** The word by which a contract says that a signature is its own: the selector of the question. */
function isYes(answer: unknown): boolean {
  return typeof answer === 'string' && answer.toLowerCase() === functions.isValidSignature.padEnd(66, '0')
}

function unwrap(signature: string): Unwrapped | undefined {
  const isBytes = /^0x(?:[0-9a-fA-F]{2})+$/.test(signature) && signature.length <= 2 + 2 * maxContractSignature
  if (!isBytes) return undefined
  const digits = signature.slice(2).toLowerCase()
  if (!digits.endsWith(wrapperMark)) return { own: `0x${digits}` }
  const wrapped = digits.slice(0, -wrapperMark.length)
  const [deployment, own] = [bytesAt(wrapped, 1), bytesAt(wrapped, 2)]
  const factory = wrapped.slice(0, 64)
  if (deployment === undefined || own === undefined || !/^0{24}/.test(factory)) return undefined
  return { own, deployment, factory: decodeAddress(`0x${factory}`) }
}

/** Reads the bytes whose place stands in a word: their length, then themselves. */
function bytesAt(digits: string, word: number): Hex | undefined {
  const place = numberAt(digits, word * 64)
  const length = place === undefined ? undefined : numberAt(digits, place * 2)
  if (place === undefined || length === undefined) return undefined
  const start = place * 2 + 64
  const bytes = digits.slice(start, start + length * 2)
  return bytes.length === length * 2 ? `0x${bytes}` : undefined
}

/** Reads a word that is a place or a length within some kilobytes. */
function numberAt(digits: string, at: number): number | undefined {
  const word = digits.slice(at, at + 64)
  return /^0{56}[0-9a-f]{8}$/.test(word) ? Number.parseInt(word, 16) : undefined
}

/** Encodes calls for Multicall3, each of which may fail. */
function encodeCalls(calls: readonly { readonly to: Hex; readonly data: Hex }[]): Hex {
  const word = (value: bigint | string): string => encodeWord(value).slice(2)
  const tuples = calls.map(({ to, data }) => word(to) + word(1n) + word(96n) + encodeBytes(data))
  const places = tuples.map((_, index) => word(BigInt(32 * tuples.length + tuples.slice(0, index).join('').length / 2)))
  return `${functions.aggregate3}${word(32n)}${word(BigInt(calls.length))}${places.join('')}${tuples.join('')}`
}

/** Reads what the last of two calls answered, or nothing where it failed. */
function readLastResult(answer: unknown): Hex | undefined {
  if (typeof answer !== 'string') return undefined
  const list = answer.slice(2 + 128)
  const place = numberAt(list, 64)
  const result = place === undefined ? '' : list.slice(place * 2)
  return numberAt(result, 0) === 1 ? bytesAt(result, 1) : undefined
}
