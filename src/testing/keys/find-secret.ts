import { bytesToHex } from '@noble/hashes/utils'
import { base58 } from '@scure/base'

/** Looks for secrets in all that a value shows to who holds it; answers where one is, such as `.key`, or `undefined`. */
export function findSecret(value: unknown, secrets: readonly string[]): string | undefined {
  const needles = secrets.flatMap(spell)
  const isSecret = (text: string): boolean =>
    needles.some((needle) => text.toLowerCase().includes(needle.toLowerCase()))
  return search(value, '', { isSecret, seen: new Set() })
}

/** The ways in which bytes are commonly written; what is no hex, such as a mnemonic, is looked for as it is. */
function spell(secret: string): readonly string[] {
  if (!/^(0x)?[0-9a-fA-F]{32,}$/.test(secret)) return [secret]
  const hex = secret.replace(/^0x/, '').toLowerCase()
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  const base64 = btoa(String.fromCharCode(...bytes)).replace(/=+$/, '')
  return [
    hex,
    base58.encode(bytes),
    base64,
    base64.replaceAll('+', '-').replaceAll('/', '_'),
    BigInt(`0x${hex}`).toString(),
    String(bytes),
  ]
}

type Search = { readonly isSecret: (text: string) => boolean; readonly seen: Set<unknown> }

function search(value: unknown, place: string, { isSecret, seen }: Search): string | undefined {
  if (typeof value === 'bigint')
    return isSecret(value.toString()) || isSecret(value.toString(16).padStart(64, '0')) ? place : undefined
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    return isSecret(String(value)) ? place : undefined
  }
  if (seen.has(value)) return undefined
  seen.add(value)
  for (const name of namesOf(value)) {
    const found = search(read(value, name), `${place}.${String(name)}`, { isSecret, seen })
    if (found !== undefined) return found
  }
  return writings(value).some(isSecret) ? place : undefined
}

/** The names of all that a value has, be it hidden or inherited. */
function namesOf(value: object): ReadonlySet<PropertyKey> {
  const names = new Set<PropertyKey>()
  for (let owner: object | null = value; owner; owner = Object.getPrototypeOf(owner)) {
    for (const name of Reflect.ownKeys(owner)) names.add(name)
  }
  return names
}

/** How a value writes itself when it is logged or sent. */
function writings(value: object): readonly string[] {
  const writes = [
    () => String(value),
    () => JSON.stringify(value),
    () => (value instanceof Uint8Array ? bytesToHex(value) : ''),
    () => (value instanceof ArrayBuffer ? bytesToHex(new Uint8Array(value)) : ''),
    () => (value instanceof Map || value instanceof Set ? [...value].map(String).join(' ') : ''),
  ]
  return writes.map((write) => attempt(write) ?? '')
}

function read(value: object, name: PropertyKey): unknown {
  return attempt(() => Reflect.get(value, name))
}

function attempt<result>(call: () => result): result | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
