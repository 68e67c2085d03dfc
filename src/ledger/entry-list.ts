import type { Measure } from '../types.js'

/** What payments add to each measure. */
export type Sum = Readonly<Record<Measure, bigint>>

/** What a counter adds up for one payment, or for several that leave together. */
export type Entry = {
  /** Unix milliseconds. */
  readonly countsUntil: number
  readonly share: Sum
}

/** Entries in the order in which they leave: what is asked of any number of them takes time by its logarithm. */
export type EntryList = {
  /** Adds an entry, behind those that count as long. */
  readonly add: (entry: Entry) => void
  readonly remove: (entry: Entry) => void
  /** Adds up those that count until after one instant, and not beyond another. */
  readonly between: (after: number, upTo: number) => Sum
  /** Answers until when the one counts with which enough has left of what counts until after an instant. */
  readonly leaving: (after: number, measure: Measure, enough: bigint) => number | undefined
}

/** A node of a B-tree, and the sum of what is below it. */
type Node = { readonly parts: (Entry | Node)[]; share: Sum }

const maxParts = 64
const noSum: Sum = Object.freeze({ microUsd: 0n, count: 0n, open: 0n, unknown: 0n })

/** Creates an empty list. */
export function createEntryList(): EntryList {
  let root: Node = { parts: [], share: noSum }
  return {
    add: (entry) => {
      add(root, entry)
      if (root.parts.length > maxParts) root = { parts: split(root, entry), share: root.share }
    },
    remove: (entry) => void remove(root, entry),
    between: (after, upTo) => between(root, after, upTo),
    leaving: (after, measure, enough) => {
      const found = leaving(root, { after, measure, enough })
      return typeof found === 'number' ? found : undefined
    },
  }
}

/** Adds a sum to another. */
export function plus(sum: Sum, other: Sum): Sum {
  return {
    microUsd: sum.microUsd + other.microUsd,
    count: sum.count + other.count,
    open: sum.open + other.open,
    unknown: sum.unknown + other.unknown,
  }
}

/** Takes a sum away from another. */
export function minus(sum: Sum, other: Sum): Sum {
  return {
    microUsd: sum.microUsd - other.microUsd,
    count: sum.count - other.count,
    open: sum.open - other.open,
    unknown: sum.unknown - other.unknown,
  }
}

function isNode(part: Entry | Node): part is Node {
  return 'parts' in part
}

function firstOf(part: Entry | Node | undefined): number {
  if (part === undefined) return Number.POSITIVE_INFINITY
  return isNode(part) ? firstOf(part.parts[0]) : part.countsUntil
}

function lastOf(part: Entry | Node | undefined): number {
  if (part === undefined) return Number.NEGATIVE_INFINITY
  return isNode(part) ? lastOf(part.parts.at(-1)) : part.countsUntil
}

/** The place of the first part that reaches beyond an instant. */
function placeAfter({ parts }: Node, instant: number): number {
  // New entries nearly always go last.
  if (lastOf(parts.at(-1)) <= instant) return parts.length
  let [low, high] = [0, parts.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (lastOf(parts[middle]) > instant) high = middle
    else low = middle + 1
  }
  return low
}

function add(node: Node, entry: Entry): void {
  const { parts } = node
  node.share = plus(node.share, entry.share)
  const place = Math.min(placeAfter(node, entry.countsUntil), parts.length)
  const index = Math.min(place, parts.length - 1)
  const part = parts[index]
  if (part === undefined || !isNode(part)) {
    parts.splice(place, 0, entry)
    return
  }
  add(part, entry)
  if (part.parts.length > maxParts) parts.splice(index, 1, ...split(part, entry))
}

/** Makes two nodes of one; of one that grows at its end, the first stays full. */
function split({ parts }: Node, added: Entry): Node[] {
  const middle = lastOf(parts.at(-1)) === added.countsUntil ? maxParts : maxParts >> 1
  return [parts.slice(0, middle), parts.slice(middle)].map((some) => ({
    parts: some,
    share: some.reduce((sum, { share }) => plus(sum, share), noSum),
  }))
}

function remove(node: Node, entry: Entry): boolean {
  const { parts } = node
  // Of those that count as long the newest is last, and it is removed most often: when its payment is answered.
  const last = Math.min(placeAfter(node, entry.countsUntil), parts.length - 1)
  for (let place = last; lastOf(parts[place]) >= entry.countsUntil; place -= 1) {
    const part = parts[place] as Entry | Node
    if (part !== entry && !(isNode(part) && remove(part, entry))) continue
    node.share = minus(node.share, entry.share)
    if (part === entry || (isNode(part) && part.parts.length === 0)) parts.splice(place, 1)
    return true
  }
  return false
}

function between(node: Node, after: number, upTo: number): Sum {
  let sum = noSum
  for (const part of node.parts.slice(placeAfter(node, after))) {
    if (firstOf(part) > upTo) break
    const isWhole = firstOf(part) > after && lastOf(part) <= upTo
    sum = plus(sum, isWhole || !isNode(part) ? part.share : between(part, after, upTo))
  }
  return sum
}

type Wanted = { readonly after: number; readonly measure: Measure; readonly enough: bigint }

/** Answers until when the last that has to leave counts, or how much has to leave after all of this. */
function leaving(node: Node, { after, measure, enough }: Wanted): number | bigint {
  let left = enough
  for (const part of node.parts.slice(placeAfter(node, after))) {
    if (isNode(part) && (part.share[measure] >= left || firstOf(part) <= after)) {
      const found = leaving(part, { after, measure, enough: left })
      if (typeof found === 'number') return found
      left = found
      continue
    }
    left -= part.share[measure]
    if (left <= 0n) return lastOf(part)
  }
  return left
}
