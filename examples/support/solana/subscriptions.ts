import { describeAccount } from './account-methods.ts'
import { RpcError } from './errors.ts'
import type { Config, Node } from './node.ts'
import { configAt, inContext, readAddress, readCommitment } from './params.ts'

/** Sends one notification. */
export type Notify = (method: string, subscription: number, result: unknown) => void

/** What the sockets of a chain are waiting for. */
export type Subscriptions = {
  /** Answers the methods that only sockets have; for another, nothing. */
  readonly answer: (notify: Notify, method: string, params: readonly unknown[]) => (() => unknown) | undefined
  /** Sends what has become true. */
  readonly update: () => void
  readonly forget: (notify: Notify) => void
}

type Subscription = { readonly id: number; readonly notify: Notify; readonly check: () => void }
type Open = (node: Node, params: readonly unknown[], send: (result: unknown) => void, end: () => void) => () => void

const openers: Readonly<Record<string, Open>> = {
  slotSubscribe: openSlot,
  signatureSubscribe: openSignature,
  accountSubscribe: openAccount,
}

/** Creates the subscriptions of a chain. */
export function createSubscriptions(node: Node): Subscriptions {
  const open = new Map<number, Subscription>()
  let last = 0

  const subscribe = (notify: Notify, method: string, params: readonly unknown[]): number => {
    last += 1
    const id = last
    const name = method.replace('Subscribe', 'Notification')
    const check = openers[method]?.(
      node,
      params,
      (result) => notify(name, id, result),
      () => open.delete(id),
    )
    if (!check) throw new RpcError(-32601, 'Method not found')
    open.set(id, { id, notify, check })
    // What is true already is news to the subscriber, but only once it knows its number.
    setImmediate(() => open.get(id)?.check())
    return id
  }
  return {
    answer(notify, method, params) {
      if (Object.hasOwn(openers, method)) return () => subscribe(notify, method, params)
      return method.endsWith('Unsubscribe') ? () => open.delete(Number(params[0])) : undefined
    },
    update() {
      for (const { check } of [...open.values()]) check()
    },
    forget(notify) {
      for (const subscription of [...open.values()]) if (subscription.notify === notify) open.delete(subscription.id)
    },
  }
}

/** Tells every slot once. */
function openSlot({ blocks }: Node, _params: readonly unknown[], send: (result: unknown) => void): () => void {
  let told = blocks.at('processed').slot
  return () => {
    const { slot } = blocks.at('processed')
    if (slot === told) return
    told = slot
    send({ parent: slot - 1, root: blocks.at('finalized').slot, slot })
  }
}

/** Tells the end of a transaction, and is over. */
function openSignature(
  node: Node,
  params: readonly unknown[],
  send: (result: unknown) => void,
  end: () => void,
): () => void {
  const signature = String(params[0])
  const commitment = readCommitment(configAt(params, 1))
  return () => {
    const landed = node.history.find(signature, commitment)
    if (!landed) return
    end()
    send(inContext(node, commitment, { err: landed.outcome.error }))
  }
}

/** Tells an account when it is another than before. */
function openAccount(node: Node, params: readonly unknown[], send: (result: unknown) => void): () => void {
  const address = readAddress(params[0])
  const config: Config = configAt(params, 1)
  const commitment = readCommitment(config)
  let told = JSON.stringify(describeAccount(node, address, config))
  return () => {
    const account = describeAccount(node, address, config)
    const text = JSON.stringify(account)
    if (text === told) return
    told = text
    send(inContext(node, commitment, account))
  }
}
