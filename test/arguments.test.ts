import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { allowHosts, createAgentWallet, isStipendError, wrapFetch } from 'stipend'
import * as stipend from 'stipend'
import * as aiSdk from 'stipend/ai-sdk'
import * as axios from 'stipend/axios'
import * as client from 'stipend/client'
import * as evm from 'stipend/evm'
import * as http from 'stipend/http'
import * as keys from 'stipend/keys'
import * as langchain from 'stipend/langchain'
import * as mcp from 'stipend/mcp'
import * as node from 'stipend/node'
import * as openaiAgents from 'stipend/openai-agents'
import * as postgres from 'stipend/postgres'
import * as solana from 'stipend/solana'
import * as tools from 'stipend/tools'

const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
const entries = {
  stipend,
  aiSdk,
  axios,
  client,
  evm,
  http,
  keys,
  langchain,
  mcp,
  node,
  openaiAgents,
  postgres,
  solana,
  tools,
}

/** What people pass where something else is meant. */
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  nothing: [],
  undefined: [undefined],
  null: [null],
  // A file's name to SQLite, which shall make none.
  'a text': [':memory:'],
  'a number': [5],
  'an empty object': [{}],
  'an empty list': [[]],
  'a function': [() => {}],
  'a viem account': [account],
  'a fetch and a viem account': [fetch, account],
  'a fetch alone': [fetch],
}

/** Over values of ours, which nobody makes by hand. */
const helpers = [
  'stipend.explain',
  'stipend.formatUnits',
  'stipend.formatUsd',
  'stipend.narrowToken',
  'tools.describeApproval',
]
/** Take the settings of others, which are others' to check. */
const wrappers = ['aiSdk.withWalletTools', 'http.notify', 'http.hashPassword', 'http.serve', 'http.toNodeListener']

const functions = Object.entries(entries).flatMap(([entry, all]) =>
  Object.entries(all).flatMap(
    ([name, value]): readonly (readonly [string, (...given: readonly unknown[]) => unknown])[] => {
      const isOurs = typeof value === 'function' && !/Error$|^(is|get)[A-Z]/.test(name)
      return isOurs ? [[`${entry}.${name}`, value as (...given: readonly unknown[]) => unknown]] : []
    },
  ),
)

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    const made = work()
    // What goes on for ever was taken.
    if (made instanceof Promise) await Promise.race([made, new Promise((resolve) => setTimeout(resolve, 50))])
    return undefined
  } catch (error) {
    return error
  }
}

describe('a public function that is given something else', () => {
  const checked = functions.filter(([name]) => ![...helpers, ...wrappers].includes(name))

  test.each(checked)('takes it, or says in a sentence of ours what it wants: %s', async (_name, call) => {
    const strange: string[] = []
    for (const [what, given] of Object.entries(wrong)) {
      const error = await thrownBy(() => call(...given))
      if (error !== undefined && !isStipendError(error)) strange.push(`${what}: ${String(error)}`)
    }
    expect(strange).toEqual([])
  })

  test('is most of them', () => {
    expect(checked.length).toBeGreaterThan(50)
  })
})

describe('what is passed in place of something else', () => {
  const wallet = createAgentWallet({
    keyStore: keys.privateKey('11'.repeat(32)),
    policy: [allowHosts(['example.com'])],
  })

  test.each<[string, () => unknown, RegExp]>([
    [
      'a key for a wallet',
      () => wrapFetch(fetch, account as never),
      /expected a wallet or a session[^]*This is a key, which has no limits/,
    ],
    ['a wallet for a fetch', () => wrapFetch(wallet as never, fetch as never), /expected a fetch, and then a wallet/],
    [
      'nothing for options',
      () => evm.evm(undefined as never),
      /expected an object with its options[^]*network, clients/,
    ],
    ['no nodes', () => evm.evm({ network: 'eip155:8453' } as never), /Failed to read clients: expected a list/],
    [
      'seconds for milliseconds',
      () => wallet.session({ expiresAt: 1_800_000_000 }),
      /expiresAt is in seconds, expected Unix milliseconds/,
    ],
    ['an address for a key', () => keys.privateKey(account.address), /It is an address/],
    ['a key in quotation marks', () => keys.privateKey(`"0x${'11'.repeat(32)}"`), /It is in quotation marks/],
    ['an empty key', () => keys.privateKey(' '), /It is empty: is the environment variable set/],
  ])('is told: %s', (_what, call, sentence) => {
    expect(call).toThrow(sentence)
    expect(call).toThrow(stipend.ConfigurationError)
  })
})
