import { readStream } from '../lib/read-stream.js'
import * as z from 'zod/mini'
import { within } from '../lib/deadline.js'
import { ConfigurationError } from '../errors.js'
import type { Network } from '../types.js'

/** One node: asks a method, and reads its answer by a schema. Its rejections never name its URL. */
export type Node = {
  readonly ask: <shape extends z.ZodMiniType>(
    method: string,
    params: readonly unknown[],
    shape: shape,
  ) => Promise<z.output<shape>>
}

/** What is needed to ask nodes. */
export type NodeOptions = {
  readonly network: Network
  readonly fetch: typeof globalThis.fetch
  readonly timeoutMs: number
}

const maxAnswerBytes = 4 * 1024 * 1024

/**
 * Creates a client for each URL of a network's JSON-RPC nodes.
 *
 * @throws ConfigurationError when one is no http or https URL, or there is none; URLs hold API keys and are not repeated.
 */
export function createNodes(urls: readonly string[], options: NodeOptions): readonly Node[] {
  if (!/^solana:[1-9A-HJ-NP-Za-km-z]{32}$/.test(options.network)) {
    throw new ConfigurationError(`Failed to read network: ${options.network} is not a Solana network's CAIP-2 id`)
  }
  const usable = urls.map(readUrl)
  if (usable.length === 0 || new Set(usable).size !== usable.length) {
    throw new ConfigurationError('Failed to read rpcs: expected at least one URL, and none twice')
  }
  return usable.map((url) => createNode(url, options))
}

/** Says in our words why a node has not answered; another's error may hold its URL. */
export function whyUnanswered(error: unknown): string {
  const isOurs = error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')
  return isOurs ? error.message : 'a node failed to answer'
}

function readUrl(url: string, index: number): string {
  if (URL.canParse(url)) {
    const { protocol, href } = new URL(url)
    if (protocol === 'https:' || protocol === 'http:') return href
  }
  throw new ConfigurationError(`Failed to read rpcs: the one at ${index} is not an http or https URL`)
}

/** A node is asked once whether it is of the network; as long as it has not said so, nothing else it says counts. */
function createNode(url: string, { network, fetch, timeoutMs }: NodeOptions): Node {
  const genesis = z.string().check(z.regex(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/))
  const call: Node['ask'] = (method, params, shape) => {
    const signal = AbortSignal.timeout(timeoutMs)
    return within(timeoutMs, post(url, { method, params, shape, fetch, signal }), 'a node did not answer in time')
  }
  let checked: Promise<void> | undefined
  const check = async (): Promise<void> => {
    const hash = await call('getGenesisHash', [], genesis)
    if (`solana:${hash.slice(0, 32)}` !== network) throw new TypeError('a node is of another chain')
  }
  return Object.freeze({
    ask: async (method, params, shape) => {
      checked ??= check()
      const known = checked
      const answer = call(method, params, shape)
      // Both are under way at once; a rejection of one must not go unheard while the other is waited for.
      answer.catch(() => {})
      await known.catch((error: unknown) => {
        if (checked === known) checked = undefined
        throw error
      })
      return answer
    },
  } satisfies Node)
}

type Question<shape extends z.ZodMiniType> = {
  readonly method: string
  readonly params: readonly unknown[]
  readonly shape: shape
  readonly fetch: typeof globalThis.fetch
  readonly signal: AbortSignal
}

const id = 1

async function post<shape extends z.ZodMiniType>(
  url: string,
  { method, params, shape, fetch, signal }: Question<shape>,
): Promise<z.output<shape>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    redirect: 'error',
    signal,
  }).catch(() => fail('a node could not be reached'))
  if (!response.ok) fail(`a node answered ${response.status}`)
  const message = z.object({ id: z.literal(id), result: z.unknown() }).safeParse(await readJson(response))
  const read = message.success ? shape.safeParse(message.data.result) : undefined
  return read?.success ? read.data : fail(`a node has no usable answer to ${method}`)
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await readText(response))
  } catch {
    return undefined
  }
}

async function readText({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  if (!reader) return ''
  try {
    const bytes = await readStream(reader, maxAnswerBytes)
    if (bytes) return new TextDecoder().decode(bytes)
  } finally {
    reader.cancel().catch(() => {})
  }
  throw new TypeError('a node answered too much')
}

function fail(reason: string): never {
  throw new TypeError(reason)
}
