import { base58 } from '@scure/base'

/** A version 0 message of Solana, taken apart. */
export type SolanaMessage = {
  readonly signers: number
  readonly accounts: readonly string[]
  readonly instructions: readonly SolanaInstruction[]
}

export type SolanaInstruction = {
  readonly program: string
  readonly accounts: readonly string[]
  readonly data: Uint8Array
}

/** The most that a packet holds. */
const largestMessage = 1232

/** Takes a message apart, or answers `undefined` for anything but a whole version 0 message without lookup tables. */
export function readMessage(bytes: Uint8Array): SolanaMessage | undefined {
  if (bytes.length > largestMessage) return undefined
  const reader = createReader(bytes)
  if (reader.byte() !== 0x80) return undefined
  const [signers, readonlySigners, readonlyOthers] = [reader.byte(), reader.byte(), reader.byte()]
  const accounts = reader.list(() => base58.encode(reader.take(32)))
  reader.take(32)
  const instructions = reader.list(() => {
    const program = accounts[reader.byte()] ?? ''
    return {
      program,
      accounts: reader.list(() => accounts[reader.byte()] ?? ''),
      data: reader.take(reader.length()),
    }
  })
  const tables = reader.length()
  const isWhole = reader.isWhole() && tables === 0
  const fits = signers > readonlySigners && signers + readonlyOthers <= accounts.length
  const isDistinct = new Set(accounts).size === accounts.length
  return isWhole && fits && isDistinct ? { signers, accounts, instructions } : undefined
}

type Reader = {
  readonly byte: () => number
  /** A compact-u16. */
  readonly length: () => number
  readonly take: (length: number) => Uint8Array
  readonly list: <item>(read: () => item) => readonly item[]
  /** Whether every byte was read, and none beyond the end. */
  readonly isWhole: () => boolean
}

/** Reads zeros beyond the end, so that only `isWhole` has to be asked. */
function createReader(bytes: Uint8Array): Reader {
  let at = 0
  let isCanonical = true
  const byte = (): number => {
    const value = bytes[at] ?? 0
    at += 1
    return value
  }
  const length = (): number => {
    const first = byte()
    if (first < 0x80) return first
    const second = byte()
    // Nothing in a packet is longer than two such bytes can say, and the shortest writing is the only one.
    if (second === 0 || second >= 0x80) isCanonical = false
    return (first & 0x7f) | ((second & 0x7f) << 7)
  }
  const take = (count: number): Uint8Array => {
    const taken = new Uint8Array(Math.min(count, largestMessage))
    taken.set(bytes.subarray(at, at + taken.length))
    at += count
    return taken
  }
  const list = <item>(read: () => item): readonly item[] => {
    const count = length()
    const items: item[] = []
    while (items.length < count && at <= bytes.length) items.push(read())
    return items
  }
  return { byte, length, take, list, isWhole: () => isCanonical && at === bytes.length }
}
