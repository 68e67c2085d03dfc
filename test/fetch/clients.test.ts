import ky from 'ky'
import { createFetch } from 'ofetch'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { wrapFetch } from '../../src/index.js'
import { setUpMarket, url } from '../support/market.ts'
import { needOthers, others } from '../support/other-versions.ts'
import { rejection } from '../support/wallets.ts'

const { sell, open, taken } = setUpMarket()
const json = { a: 1 }
const messages = [{ role: 'user' as const, content: 'hi' }]

type Client = {
  readonly at: string
  /** Asks, and once more by itself when that fails. */
  readonly ask: (fetch: typeof globalThis.fetch) => Promise<unknown>
}

const clients: Readonly<Record<string, Client>> = {
  ky: {
    at: url,
    ask: (fetch) => ky.post(url, { json, fetch, retry: { limit: 1, methods: ['post'], delay: () => 1 } }).json(),
  },
  ofetch: {
    at: url,
    ask: (fetch) => createFetch({ fetch })(url, { method: 'POST', body: json, retry: 1, retryDelay: 1 }),
  },
  'the OpenAI SDK': {
    at: `${url}/chat/completions`,
    ask: (fetch) =>
      new OpenAI({ apiKey: 'k', baseURL: url, fetch, maxRetries: 1 }).chat.completions.create({ model: 'm', messages }),
  },
}

/** Where `npm run test:peers` has installed it. */
const anthropic: Client = {
  at: `${url}/v1/messages`,
  ask: (fetch) => {
    const { Anthropic } = needOthers()
    const client = new Anthropic({ apiKey: 'k', baseURL: url, fetch, maxRetries: 1 })
    return client.messages.create({ model: 'm', max_tokens: 1, messages })
  },
}

const goods = () => Response.json({ id: 'goods', type: 'message', content: [], choices: [] })

describe.each(Object.entries(clients))('%s over a fetch that pays', (_name, client) => {
  holds(client)
})

describe.skipIf(!others)('the Anthropic SDK over a fetch that pays', () => {
  holds(anthropic)
})

function holds({ at, ask }: Client): void {
  const payingFetch = (): typeof fetch => wrapFetch(globalThis.fetch, open())

  test('gets what is paid for', async () => {
    sell({ respond: goods }, at)
    expect(await ask(payingFetch())).toMatchObject({ id: 'goods' })
    expect(taken()).toBe(10_000n)
  })

  test('gets it for one payment where the first answer was a 500', async () => {
    const resource = sell({ respond: goods, fault: 'settle-then-500', faultTimes: 1, idempotent: true }, at)
    expect(await ask(payingFetch())).toMatchObject({ id: 'goods' })
    expect(resource.payments).toHaveLength(1)
    expect(taken()).toBe(10_000n)
  })

  test.each(['settle-then-500', 'settle-then-drop', 'settle-then-402', 'settle-then-raise'] as const)(
    'pays once, however it tries, when the server has the money and answers with %s',
    async (fault) => {
      const resource = sell({ fault }, at)
      expect(await rejection(ask(payingFetch()))).toBeInstanceOf(Error)
      expect(resource.payments).toHaveLength(1)
      expect(taken()).toBe(10_000n)
    },
  )
}
