import type { Outcome } from './bank.ts'
import { maxAge } from './blocks.ts'
import { RpcError } from './errors.ts'
import { isSigned, readBytes, readTransaction, type Signed, verifies } from './message.ts'
import type { Config, Method, Node } from './node.ts'
import { configAt, inContext, readAddress, readCommitment, readHistoryCommitment, readStrings } from './params.ts'
import { describeTransaction, type TransactionEncoding } from './transaction-json.ts'

const encodings: readonly unknown[] = ['json', 'jsonParsed', 'base64', 'base58']

/** What a node answers about transactions. */
export const transactionMethods: Readonly<Record<string, Method>> = {
  sendTransaction(node, params) {
    const config = configAt(params, 1)
    const signed = readTransaction(readBytes(params[0], config.encoding))
    if (config.skipPreflight !== true) preflight(node, signed, config)
    // Its name is the answer, whether or not a block ever has it.
    node.land(signed)
    return signed.signature
  },
  simulateTransaction(node, params) {
    const config = configAt(params, 1)
    const signed = readTransaction(readBytes(params[0], config.encoding))
    if (config.sigVerify === true) {
      if (config.replaceRecentBlockhash === true) {
        throw new RpcError(-32602, 'sigVerify may not be used with replaceRecentBlockhash')
      }
      verify(signed)
    }
    return inContext(node, readCommitment(config), describeSimulation(node, signed, config))
  },
  getSignatureStatuses(node, params) {
    const reach = configAt(params, 1).searchTransactionHistory === true ? 'all' : 'recent'
    const statuses = readStrings(params[0], 256).map((signature) => node.history.status(signature, reach))
    return inContext(node, 'processed', statuses)
  },
  getSignaturesForAddress({ history }, params) {
    const config = configAt(params, 1)
    const { limit, before, until } = config
    return history.list(readAddress(params[0]), { commitment: readHistoryCommitment(config), limit, before, until })
  },
  getTransaction({ history }, params) {
    const config = typeof params[1] === 'string' ? { encoding: params[1] } : configAt(params, 1)
    const { encoding = 'json', maxSupportedTransactionVersion } = config
    if (!encodings.includes(encoding)) throw new RpcError(-32602, `Unsupported encoding: ${String(encoding)}`)
    const landed = history.find(String(params[0]), readHistoryCommitment(config))
    return landed ? describeTransaction(landed, encoding as TransactionEncoding, maxSupportedTransactionVersion) : null
  },
}

function preflight(node: Node, signed: Signed, { preflightCommitment }: Config): void {
  verify(signed)
  const commitment = preflightCommitment === undefined ? {} : { commitment: preflightCommitment }
  const { err, ...rest } = describeSimulation(node, signed, commitment)
  if (err === null) return
  const what = typeof err === 'string' ? err : JSON.stringify(err)
  throw new RpcError(-32002, `Transaction simulation failed: ${what}`, { err, ...rest })
}

function verify(signed: Signed): void {
  if (isSigned(signed) && verifies(signed)) return
  throw new RpcError(-32003, 'Transaction signature verification failure')
}

type Simulation = { readonly err: unknown; readonly [name: string]: unknown }

function describeSimulation(node: Node, signed: Signed, config: Config): Simulation {
  const commitment = readCommitment(config)
  const replaced = config.replaceRecentBlockhash === true
  const refusal = replaced ? undefined : node.bank.refusal(signed, commitment)
  const outcome: Outcome = refusal ? { error: refusal, logs: [], units: 0, inner: [] } : node.bank.simulate(signed)
  return {
    err: outcome.error,
    logs: outcome.logs,
    unitsConsumed: outcome.units,
    accounts: null,
    returnData: null,
    innerInstructions: config.innerInstructions === true ? outcome.inner : null,
    ...(replaced ? { replacementBlockhash: replacement(node) } : {}),
  }
}

function replacement({ blocks }: Node): unknown {
  const { hash, height } = blocks.at('processed')
  return { blockhash: hash, lastValidBlockHeight: height + maxAge }
}
