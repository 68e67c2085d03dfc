import { describe, expect, test } from 'vitest'
import { programs, readEntries } from '../scripts/entries.ts'
import { weigh } from './support/bundles.ts'

/** In KB, minified and compressed, by entry, with room for a fix: whoever makes one larger says so here. */
const mostKb: Readonly<Record<string, number>> = {
  // Its payments take turns at the permits of a token, it signs in to what costs nothing, and knows the names of its events.
  stipend: 112.3,
  // Calls bring what encodes their arguments, refills what reads a delegation.
  'stipend/actions': 17,
  'stipend/a2a': 19,
  'stipend/ai-sdk': 51,
  'stipend/axios': 5,
  'stipend/client': 19,
  'stipend/discovery': 9,
  'stipend/durable-object': 20,
  'stipend/evm': 36,
  'stipend/fast': 6,
  // A third of it is the list of public suffixes.
  'stipend/http': 129,
  'stipend/keys': 61,
  'stipend/l402': 32,
  'stipend/langchain': 50,
  'stipend/lean': 73,
  'stipend/ledger': 10,
  'stipend/mcp': 56,
  'stipend/mpp': 16,
  'stipend/node': 7,
  'stipend/openai-agents': 51,
  'stipend/opentelemetry': 6,
  'stipend/postgres': 24,
  'stipend/public-suffixes': 50,
  'stipend/receipts': 41,
  'stipend/sign-in': 26,
  'stipend/solana': 41,
  'stipend/sqlite': 24,
  'stipend/tempo': 24,
  'stipend/testing': 79,
  'stipend/tools': 49,
}
// It has sessions' balances, payment methods that bring all they take, and the names of its events.
const mostForWalletKb = 109.5
// It finds, of several offers, the one that a payment was made for, and its refusals say what to do about them.
const mostForLeanWalletKb = 76.7

const names = Object.keys(readEntries()).filter((name) => !programs.includes(name))

describe('what a page downloads', () => {
  test.each(names)('for %s is no larger than it was', { timeout: 60_000 }, async (name) => {
    const { gzipped } = await weigh(`export * from '${name}'`)
    expect(gzipped / 1000).toBeLessThanOrEqual(mostKb[name] ?? 0)
  })

  test('for a lean wallet, a policy and a key is no larger than it was', { timeout: 60_000 }, async () => {
    const { gzipped } = await weigh(
      "export { createLeanWallet } from 'stipend/lean'; export { allowHosts, spendingLimit } from 'stipend'; export { evmKey } from 'stipend/keys'",
    )
    expect(gzipped / 1000).toBeLessThanOrEqual(mostForLeanWalletKb)
    const { others } = await weigh("export * from 'stipend/lean'")
    expect(others.filter((file) => /zod|ed25519|bip39|bip32/.test(file))).toEqual([])
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
