import { type AgentWallet, type Ledger, policyFromJSON } from 'stipend'
import { isPublicSuffix } from 'stipend/public-suffixes'
import * as z from 'zod/mini'
import type { Json, JsonObject } from './json.js'
import { RefusedError } from './refused.js'
import { uuid } from './schema.js'

/** One rule as data, and the name it was filed under. */
export type PolicyDocument = { readonly id: string; readonly document: JsonObject }

/** Where documents are kept: a ledger, or anything that keeps a text under a name. */
export type PolicyStore = Pick<Ledger, 'remember' | 'recall'>

/** The documents that narrow the wallet's own policy, or make it where the wallet has none. */
export type PolicyDocuments = {
  readonly list: () => Promise<readonly PolicyDocument[]>
  /**
   * Replaces the documents, readable or not, and what the wallet judges by; all or nothing.
   *
   * @throws ConfigurationError naming the place, when they are no policy; then everything stays as it was.
   */
  readonly replace: (documents: readonly PolicyDocument[]) => Promise<readonly PolicyDocument[]>
  /** Replaces the documents by what a function makes of them. */
  readonly change: (edit: Edit) => Promise<readonly PolicyDocument[]>
  /** Sees to it that the wallet judges by what is kept, whichever process has written it. */
  readonly refresh: () => Promise<void>
}

type Edit = (documents: readonly PolicyDocument[]) => readonly PolicyDocument[]

const name = 'http.policies'
const maxDocuments = 64
const schema = z.array(z.strictObject({ id: uuid, document: z.record(z.string(), z.custom<Json>()) }))

/**
 * Keeps the documents of a wallet's policy. `always` are rules as data that hold whatever the documents say.
 *
 * @throws ConfigurationError when those are not usable.
 */
export function createPolicyDocuments(options: {
  readonly wallet: Pick<AgentWallet, 'restrict'>
  readonly store: PolicyStore
  readonly always: readonly unknown[]
}): PolicyDocuments {
  const { wallet, store, always } = options
  let inForce: string | undefined
  let turn: Promise<unknown> = Promise.resolve()

  const policyOf = (documents: readonly PolicyDocument[]): ReturnType<typeof policyFromJSON> =>
    policyFromJSON([...always, ...documents.map(({ document }) => document)], { isPublicSuffix })
  const inTurn = <answer>(work: () => Promise<answer>): Promise<answer> => {
    const mine = turn.then(work)
    turn = mine.catch(() => {})
    return mine
  }
  policyOf([])
  /** Documents stand beside the policy in code, which stays; where there is none, no documents let nothing be paid. */
  const adopt = async (text = '[]'): Promise<void> => {
    if (text === inForce) return
    await wallet.restrict(policyOf(readDocuments(text)))
    inForce = text
  }
  const replace = async (documents: readonly PolicyDocument[]): Promise<readonly PolicyDocument[]> => {
    if (documents.length > maxDocuments) throw tooMany()
    const policy = policyOf(documents)
    const text = JSON.stringify(documents)
    // What is kept is the truth: should the process end here, the next one judges by it.
    await store.remember(name, text)
    await wallet.restrict(policy)
    inForce = text
    return documents
  }
  return {
    list: async () => readDocuments(await store.recall(name)),
    replace: (documents) => inTurn(() => replace(documents)),
    change: (edit) => inTurn(async () => replace(edit(readDocuments(await store.recall(name))))),
    refresh: () => inTurn(async () => adopt(await store.recall(name))),
  }
}

function readDocuments(text: string | undefined): readonly PolicyDocument[] {
  if (text === undefined) return []
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new RefusedError('policies_unreadable', 'Stored policies cannot be read; nothing is paid', {
      status: 503,
      cause,
    })
  }
}

function tooMany(): RefusedError {
  return new RefusedError('input_invalid', `Failed to keep the policies: there are over ${maxDocuments}`, {
    status: 400,
  })
}
