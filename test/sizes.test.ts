import { describe, expect, test } from 'vitest'
import { programs, readEntries } from '../scripts/entries.ts'
import { weigh } from './support/bundles.ts'

/** In KB, minified and compressed, by entry: whoever makes one larger says so here. */
const mostKb: Readonly<Record<string, number>> = {
  stipend: 105,
  'stipend/actions': 5,
  'stipend/a2a': 17,
  'stipend/ai-sdk': 47,
  'stipend/axios': 3,
  'stipend/client': 17,
  'stipend/discovery': 7,
  'stipend/durable-object': 18,
  'stipend/evm': 33,
  'stipend/fast': 4,
  'stipend/http': 76,
  'stipend/keys': 61,
  'stipend/langchain': 46,
  'stipend/ledger': 8,
  'stipend/mcp': 52,
  'stipend/mpp': 14,
  'stipend/node': 5,
  'stipend/openai-agents': 47,
  'stipend/opentelemetry': 4,
  'stipend/postgres': 21,
  'stipend/receipts': 38,
  'stipend/sign-in': 23,
  'stipend/solana': 38,
  'stipend/sqlite': 21,
  'stipend/testing': 72,
  'stipend/tools': 45,
}
const mostForWalletKb = 115

const names = Object.keys(readEntries()).filter((name) => !programs.includes(name))

describe('what a page downloads', () => {
  test.each(names)('for %s is no larger than it was', { timeout: 60_000 }, async (name) => {
    const { gzipped } = await weigh(`export * from '${name}'`)
    expect(gzipped / 1000).toBeLessThanOrEqual(mostKb[name] ?? 0)
  })

  test('for a wallet, a policy and a key is no larger than it was, and loads no more of others', {
    timeout: 60_000,
  }, async () => {
    const { others, gzipped } = await weigh(
      "export { createAgentWallet, allowHosts, spendingLimit } from 'stipend'; export { privateKey } from 'stipend/keys'",
    )
    expect(gzipped / 1000).toBeLessThanOrEqual(mostForWalletKb)
    // What is used of zod is built into the package.
    expect(others.filter((file) => !file.startsWith('zod/')).toSorted()).toMatchInlineSnapshot(`
      [
        "@noble/curves/esm/_shortw_utils.js",
        "@noble/curves/esm/abstract/curve.js",
        "@noble/curves/esm/abstract/edwards.js",
        "@noble/curves/esm/abstract/hash-to-curve.js",
        "@noble/curves/esm/abstract/modular.js",
        "@noble/curves/esm/abstract/montgomery.js",
        "@noble/curves/esm/abstract/weierstrass.js",
        "@noble/curves/esm/ed25519.js",
        "@noble/curves/esm/secp256k1.js",
        "@noble/curves/esm/utils.js",
        "@noble/hashes/esm/_md.js",
        "@noble/hashes/esm/_u64.js",
        "@noble/hashes/esm/crypto.js",
        "@noble/hashes/esm/hkdf.js",
        "@noble/hashes/esm/hmac.js",
        "@noble/hashes/esm/legacy.js",
        "@noble/hashes/esm/pbkdf2.js",
        "@noble/hashes/esm/scrypt.js",
        "@noble/hashes/esm/sha2.js",
        "@noble/hashes/esm/sha3.js",
        "@noble/hashes/esm/utils.js",
        "@scure/base/lib/esm/index.js",
        "@scure/bip32/lib/esm/index.js",
        "@scure/bip39/esm/index.js",
        "@scure/bip39/esm/wordlists/english.js",
        "eventemitter3/index.js",
        "eventemitter3/index.mjs",
      ]
    `)
  })
})
