import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { type AgentWalletOptions, createAgentWallet, memoryLedger } from '../../src/index.js'
import { createLeanWallet } from '../../src/wallet/lean.js'
import { testKeyStore } from '../../src/testing/index.js'

const key = '0x1111111111111111111111111111111111111111111111111111111111111111'
const keyStores: readonly (readonly [string, unknown])[] = [
  ['none', undefined],
  ['a key as it is', key],
  ['an account of viem', privateKeyToAccount(key)],
  ['what would make one', testKeyStore],
]
const ledgers: readonly (readonly [string, unknown])[] = [
  ['the path of a file', './agent.db'],
  ['what would make one', memoryLedger],
  ['a database', { prepare: () => undefined }],
]

describe.each([
  ['createAgentWallet', createAgentWallet],
  ['createLeanWallet', createLeanWallet],
] as const)('%s says at once what it wants', (_, create) => {
  test.each(keyStores)('instead of a key store that is %s', (_name, keyStore) => {
    const options = { keyStore } as AgentWalletOptions
    expect(() => create(options)).toThrow(
      'expected one of stipend/keys, such as privateKey(key) or account(viemAccount)',
    )
    expect(() => create(options)).not.toThrow('1111')
  })

  test.each(ledgers)('instead of a ledger that is %s', (_name, ledger) => {
    const options = { keyStore: testKeyStore(), ledger } as AgentWalletOptions
    expect(() => create(options)).toThrow("Failed to read ledger: expected one such as sqliteLedger('agent.db')")
  })
})
