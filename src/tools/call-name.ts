import { sha256Hex } from '../lib/sha256.js'
import { canonicalJSON } from '../lib/canonical-json.js'
import type { PayFetchInput } from './input.js'
import type { ToolCall } from './pay-fetch.js'

/**
 * Names a call of a tool by what its framework calls it, such as a run's id and the call's: the same names, the same
 * purchase.
 */
export function callKey(...names: readonly string[]): string {
  return `call_${digest(JSON.stringify(names))}`
}

/** Names a call by its request as well: some models use the id of a call again for another one. */
export function withRequest(call: ToolCall, input: PayFetchInput): ToolCall {
  const { url, method = 'GET', headers = {}, body = '' } = input
  return call.key === undefined
    ? call
    : { ...call, key: nameWith(call.key, { url, method, headers: { ...headers }, body }) }
}

/** Names a call by what it asks for as well. */
export function nameWith(key: string, asked: object): string {
  return `${plainName(key)}.${digest(canonicalJSON(asked))}`
}

/** Tells whether a name is of a call, whatever its request was. */
export function isOfCall(name: string | undefined, { key }: ToolCall): boolean {
  return key !== undefined && name?.startsWith(`${plainName(key)}.`) === true
}

function plainName(key: string): string {
  return /^[A-Za-z0-9_:-]{1,64}$/.test(key) ? key : callKey(key)
}

function digest(text: string): string {
  return sha256Hex(text).slice(0, 32)
}
