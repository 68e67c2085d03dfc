import { accountMethods } from './account-methods.ts'
import { blockMethods } from './block-methods.ts'
import { RpcError } from './errors.ts'
import type { Node } from './node.ts'
import type { Traffic } from './traffic.ts'
import { transactionMethods } from './transaction-methods.ts'

/** Answers what the wire asks, already parsed. */
export type Rpc = {
  /** Answers one call or a list of them. */
  readonly answer: (tag: string, body: unknown, own?: OwnMethods) => Promise<unknown>
}

/** Finds a method that only this connection has. */
export type OwnMethods = (method: string, params: readonly unknown[]) => (() => unknown) | undefined

const methods = { ...accountMethods, ...blockMethods, ...transactionMethods }

/** Creates the JSON-RPC face of a node. */
export function createRpc(node: Node, traffic: Traffic): Rpc {
  const run = async (tag: string, call: unknown, own?: OwnMethods): Promise<unknown> => {
    const { id = null, method, params } = readCall(call)
    try {
      const answer = own?.(method, params) ?? (() => findMethod(method)(node, params))
      return { jsonrpc: '2.0', id, result: await traffic.pass({ tag, method, params }, answer) }
    } catch (error) {
      return { jsonrpc: '2.0', id, error: describeFailure(error) }
    }
  }
  return {
    answer: (tag, body, own) =>
      Array.isArray(body) ? Promise.all(body.map((call) => run(tag, call, own))) : run(tag, body, own),
  }
}

function readCall(call: unknown): {
  readonly id?: unknown
  readonly method: string
  readonly params: readonly unknown[]
} {
  const { id, method, params } = (call ?? {}) as Readonly<Record<string, unknown>>
  return { id, method: String(method), params: Array.isArray(params) ? params : [] }
}

function findMethod(name: string): (typeof methods)[string] & {} {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  if (!method) throw new RpcError(-32601, `Method not found: ${name}`)
  return method
}

function describeFailure(error: unknown): unknown {
  if (!(error instanceof RpcError)) return { code: -32603, message: `Internal error: ${String(error)}` }
  const { code, message, data } = error
  return data === undefined ? { code, message } : { code, message, data }
}
