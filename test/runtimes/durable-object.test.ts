import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ledgerContract, paidResource } from 'stipend/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleFile } from '../support/bundles.ts'
import { type Listening, listen } from '../support/listen.ts'
import { Miniflare } from './packages.mjs'

const source = fileURLToPath(new URL('durable-object/worker.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'stipend-objects-'))
const shop = paidResource({ priceUsd: '0.01' })
let server: Listening
let cloudflare: Miniflare | undefined

async function start(): Promise<Miniflare> {
  const script = await bundleFile(source, 'web', join(folder, 'worker.js'))
  return new Miniflare({
    modules: true,
    scriptPath: script,
    modulesRoot: folder,
    compatibilityDate: '2026-01-01',
    durableObjects: { AGENTS: { className: 'Agent', useSQLite: true } },
    durableObjectsPersist: join(folder, 'objects'),
  })
}

let asked = 0
/** Has an object do something; another one each time, unless it is named. */
async function object(
  act: string,
  given = '',
  name = `object-${(asked += 1)}`,
): Promise<{ value?: unknown; error?: string }> {
  const init = { method: 'POST', body: JSON.stringify({ act, given }) }
  const response = await cloudflare?.dispatchFetch(`http://worker.test/${name}`, init)
  return (await response?.json()) as { value?: unknown; error?: string }
}

/** How often each of several answers was given. */
function countOf(answers: unknown): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const answer of answers as readonly (string | number)[]) counts[answer] = (counts[answer] ?? 0) + 1
  return counts
}

beforeAll(async () => {
  server = await listen(shop)
  cloudflare = await start()
}, 120_000)
afterAll(async () => {
  await cloudflare?.dispose()
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the ledger in a Durable Object', () => {
  test.each(Object.keys(ledgerContract))('keeps the contract: %s', async (sentence) => {
    expect(await object('keep', sentence)).toEqual({})
  })

  test('lets a wallet in the object pay, and still counts it when the object is started anew', async () => {
    const before = shop.settled
    expect(await object('buy', `${server.url}/report`, 'buyer')).toEqual({ value: 200 })
    expect(shop.settled - before).toBe(10_000n)

    await cloudflare?.dispose()
    cloudflare = await start()
    const { value } = await object('buy much', `${server.url}/more`, 'buyer')
    expect(countOf(value)).toEqual({ 200: 2, limit_exceeded: 8 })
    expect(shop.settled - before).toBe(30_000n)
  })

  test('lets no more be paid than the limit, however many ask at once', async () => {
    const before = shop.settled
    const { value } = await object('buy much', `${server.url}/many`)
    expect(countOf(value)).toEqual({ 200: 3, limit_exceeded: 7 })
    expect(shop.settled - before).toBe(30_000n)
  })

  test('leaves the tables alone that the object has of its own', async () => {
    expect(await object('keep things of its own')).toEqual({ value: [{ mine: 0 }] })
  })

  test('is one of several in an object', async () => {
    expect(await object('have two ledgers')).toEqual({ value: [1, 0] })
  })

  test('finds a sum that somebody changed, and is frozen then', async () => {
    const { value } = await object('tamper')
    expect(value).toEqual([
      expect.stringMatching(
        /^configuration_invalid: Failed to verify the ledger, which is frozen now: payment .* does not count/,
      ),
      expect.stringContaining('not as it was written'),
    ])
  })

  test('has a journal that is only ever added to', async () => {
    await object('buy', `${server.url}/journal`, 'writer')
    expect((await object('rewrite', '', 'writer')).error).toContain('only ever added to')
  })

  test.each([
    ['be newer', '', 'it was written by a newer version of this library (schema 99)'],
    ['take what is no storage', '', 'this is no storage of a Durable Object with SQLite'],
    ['take a prefix', '1; DROP', 'Failed to read prefix: 1; DROP cannot begin the name of a table'],
  ])('says in a sentence why it cannot %s', async (act, given, sentence) => {
    expect((await object(act, given)).error).toContain(sentence)
  })
})
