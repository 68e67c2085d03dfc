import { setTimeout as delay } from 'node:timers/promises'

/** Answers one method in its own way, knowing the truth; may throw an `RpcError`. */
export type Lie = (truth: unknown, params: readonly unknown[]) => unknown

/** Which traffic is meant: the path of the URL that was called, without its slash. */
export type Tagged = {
  /** @default all traffic */
  readonly tag?: string | undefined
}

/** What is between the wire and the node: the counts, the delays and the faults. */
export type Traffic = {
  /** Says how often each method was called, by tag and method: `{ 'client getLatestBlockhash': 1 }`. */
  readonly counts: () => Readonly<Record<string, number>>
  /** Delays every answer to a tag from now on, in milliseconds. */
  readonly setLatency: (tag: string, milliseconds: number) => void
  /** Changes the answers of a method; what it returns ends that. */
  readonly lie: (method: string, lie: Lie, tagged?: Tagged) => () => void
  /** Drops every connection without an answer; what it returns ends that. */
  readonly goDown: (tagged?: Tagged) => () => void
  readonly isDown: (tag: string) => boolean
  /** Passes a call on, and its answer back, through all of this. */
  readonly pass: (call: Call, answer: () => unknown) => Promise<unknown>
}

/** One call of a method. */
export type Call = { readonly tag: string; readonly method: string; readonly params: readonly unknown[] }

type Told = { readonly method: string; readonly lie: Lie; readonly tag: string | undefined }

/** Creates traffic without a fault. */
export function createTraffic(latencyMs: Readonly<Record<string, number>>): Traffic {
  const counts = new Map<string, number>()
  const latency = new Map(Object.entries(latencyMs))
  const lies = new Set<Told>()
  const outages = new Set<{ readonly tag: string | undefined }>()

  return {
    counts: () => Object.fromEntries(counts),
    setLatency: (tag, milliseconds) => void latency.set(tag, milliseconds),
    lie: (method, lie, { tag } = {}) => addTo(lies, { method, lie, tag }),
    goDown: ({ tag } = {}) => addTo(outages, { tag }),
    isDown: (tag) => [...outages].some((outage) => means(outage, tag)),
    async pass({ tag, method, params }, answer) {
      const name = `${tag} ${method}`.trim()
      counts.set(name, (counts.get(name) ?? 0) + 1)
      const milliseconds = latency.get(tag) ?? 0
      if (milliseconds > 0) await delay(milliseconds, undefined, { ref: false })
      const told = [...lies].filter((lie) => lie.method === method && means(lie, tag))
      return told.reduce((truth, { lie }) => lie(truth, params), answer())
    },
  }
}

function means(fault: { readonly tag: string | undefined }, tag: string): boolean {
  return fault.tag === undefined || fault.tag === tag
}

function addTo<item>(set: Set<item>, item: item): () => void {
  set.add(item)
  return () => void set.delete(item)
}
