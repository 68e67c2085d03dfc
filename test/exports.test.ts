import { readFileSync } from 'node:fs'
import * as stipend from 'stipend'
import * as actions from 'stipend/actions'
import * as aiSdk from 'stipend/ai-sdk'
import * as axios from 'stipend/axios'
import * as client from 'stipend/client'
import * as discovery from 'stipend/discovery'
import * as durableObject from 'stipend/durable-object'
import * as evm from 'stipend/evm'
import * as fast from 'stipend/fast'
import * as http from 'stipend/http'
import * as keys from 'stipend/keys'
import * as langchain from 'stipend/langchain'
import * as ledger from 'stipend/ledger'
import * as mcp from 'stipend/mcp'
import * as mpp from 'stipend/mpp'
import * as node from 'stipend/node'
import * as openaiAgents from 'stipend/openai-agents'
import * as opentelemetry from 'stipend/opentelemetry'
import * as postgres from 'stipend/postgres'
import * as receipts from 'stipend/receipts'
import * as signIn from 'stipend/sign-in'
import * as solana from 'stipend/solana'
import * as sqlite from 'stipend/sqlite'
import * as testing from 'stipend/testing'
import * as tools from 'stipend/tools'
import { describe, expect, test, vi } from 'vitest'
import { programs, readEntries } from '../scripts/entries.ts'
import { loadedBy, readModules } from './support/modules.ts'

// A public name is a promise. After adding or removing one on purpose:
//   npx vitest run test/exports.test.ts --update
describe('the public names', () => {
  test('stipend', () => {
    expect(Object.keys(stipend).toSorted()).toMatchInlineSnapshot(`
      [
        "AlreadyPaidError",
        "ApprovalRequiredError",
        "CancellationFailedError",
        "ChainUnavailableError",
        "ClockJumpedError",
        "ClockSkewError",
        "ConfigurationError",
        "InsufficientFundsError",
        "KeyStoreLockedError",
        "LedgerUnavailableError",
        "LimitExceededError",
        "MalformedMessageError",
        "NoPayableOfferError",
        "PayeeAccountMissingError",
        "PaymentDelayedError",
        "PaymentDeniedError",
        "PaymentOutcomeUnknownError",
        "PaymentRejectedError",
        "SessionInvalidError",
        "SessionRevokedError",
        "SigningFailedError",
        "SigningRejectedError",
        "StipendError",
        "UnpayableRequestError",
        "WalletFrozenError",
        "allowActions",
        "allowAnyHost",
        "allowAssets",
        "allowFlows",
        "allowHosts",
        "allowNetworks",
        "allowPayees",
        "circuitBreaker",
        "createAgentWallet",
        "createPolicyEngine",
        "denyHosts",
        "exactEvm",
        "explain",
        "formatUnits",
        "formatUsd",
        "getPayment",
        "isStipendError",
        "maxLiveHolds",
        "maxPayments",
        "memoryLedger",
        "narrowToken",
        "pinPayee",
        "policyFromJSON",
        "priceMemory",
        "spendingLimit",
        "timeWindow",
        "uptoEvm",
        "wrapFetch",
        "wrapFetchWithPayment",
        "x402",
        "x402V1",
      ]
    `)
  })

  test('stipend/client', () => {
    expect(Object.keys(client).toSorted()).toMatchInlineSnapshot(`
      [
        "RemoteWalletError",
        "createClient",
      ]
    `)
  })

  test('stipend/discovery', () => {
    expect(Object.keys(discovery).toSorted()).toMatchInlineSnapshot(`
      [
        "discover",
        "findServicesTool",
      ]
    `)
  })

  test('stipend/durable-object', () => {
    expect(Object.keys(durableObject).toSorted()).toMatchInlineSnapshot(`
      [
        "durableObjectLedger",
      ]
    `)
  })

  test('stipend/evm', () => {
    expect(Object.keys(evm).toSorted()).toMatchInlineSnapshot(`
      [
        "evm",
      ]
    `)
  })

  test('stipend/http', () => {
    expect(Object.keys(http).toSorted()).toMatchInlineSnapshot(`
      [
        "createHandler",
        "hashPassword",
        "notify",
        "readWebhook",
        "serve",
        "toNodeListener",
        "webhook",
      ]
    `)
  })

  test('stipend/actions', () => {
    expect(Object.keys(actions).toSorted()).toMatchInlineSnapshot(`
      [
        "swap",
        "transferNft",
      ]
    `)
  })

  test('stipend/ai-sdk', () => {
    expect(Object.keys(aiSdk).toSorted()).toMatchInlineSnapshot(`
      [
        "walletTools",
        "withWalletTools",
      ]
    `)
  })

  test('stipend/axios', () => {
    expect(Object.keys(axios).toSorted()).toMatchInlineSnapshot(`
      [
        "getAxiosPayment",
        "wrapAxios",
      ]
    `)
  })

  test('stipend/fast', () => {
    expect(Object.keys(fast).toSorted()).toMatchInlineSnapshot(`
      [
        "loadSecp256k1",
      ]
    `)
  })

  test('stipend/keys', () => {
    expect(Object.keys(keys).toSorted()).toMatchInlineSnapshot(`
      [
        "account",
        "changePassword",
        "encryptedFile",
        "ethersSigner",
        "exportKey",
        "generate",
        "generateMnemonic",
        "importKeys",
        "mnemonic",
        "privateKey",
        "remoteSigner",
        "solanaSigner",
        "walletClient",
        "workerSigner",
      ]
    `)
  })

  test('stipend/langchain', () => {
    expect(Object.keys(langchain).toSorted()).toMatchInlineSnapshot(`
      [
        "walletTools",
      ]
    `)
  })

  test('stipend/ledger', () => {
    expect(Object.keys(ledger).toSorted()).toMatchInlineSnapshot(`
      [
        "advancePayment",
        "agreesWithPin",
        "approvalAtLedgerTime",
        "askedOf",
        "atLedgerTime",
        "bindsTwin",
        "canRenewPayment",
        "countsAsSpent",
        "decideApproval",
        "decodeApproval",
        "decodePayment",
        "encodeApproval",
        "encodePayment",
        "entriesPerSeal",
        "hashRecord",
        "hearTime",
        "isStandingApproval",
        "isUnresolved",
        "isUsableApproval",
        "leavesAt",
        "maxApprovals",
        "maxClockGapMs",
        "nextEvent",
        "nextRecord",
        "nextSeal",
        "presentPayment",
        "rebaseTime",
        "renewPayment",
        "reservePayment",
        "shareOf",
        "updatePayment",
        "windowKey",
        "windowStart",
      ]
    `)
  })

  test('stipend/mcp', () => {
    expect(Object.keys(mcp).toSorted()).toMatchInlineSnapshot(`
      [
        "createMcpServer",
        "getToolPayment",
        "withPayments",
      ]
    `)
  })

  test('stipend/mpp', () => {
    expect(Object.keys(mpp).toSorted()).toMatchInlineSnapshot(`
      [
        "mpp",
      ]
    `)
  })

  test('stipend/node', () => {
    expect(Object.keys(node).toSorted()).toMatchInlineSnapshot(`
      [
        "blockPrivateNetworks",
      ]
    `)
  })

  test('stipend/openai-agents', () => {
    expect(Object.keys(openaiAgents).toSorted()).toMatchInlineSnapshot(`
      [
        "walletTools",
      ]
    `)
  })

  test('stipend/opentelemetry', () => {
    expect(Object.keys(opentelemetry).toSorted()).toMatchInlineSnapshot(`
      [
        "instrument",
      ]
    `)
  })

  test('stipend/postgres', () => {
    expect(Object.keys(postgres).toSorted()).toMatchInlineSnapshot(`
      [
        "postgresLedger",
      ]
    `)
  })

  test('stipend/receipts', () => {
    expect(Object.keys(receipts).toSorted()).toMatchInlineSnapshot(`
      [
        "signedReceipts",
      ]
    `)
  })

  test('stipend/sign-in', () => {
    expect(Object.keys(signIn).toSorted()).toMatchInlineSnapshot(`
      [
        "signInWithX",
      ]
    `)
  })

  test('stipend/solana', () => {
    expect(Object.keys(solana).toSorted()).toMatchInlineSnapshot(`
      [
        "exactSolana",
        "solana",
      ]
    `)
  })

  test('stipend/sqlite', () => {
    expect(Object.keys(sqlite).toSorted()).toMatchInlineSnapshot(`
      [
        "sqliteLedger",
      ]
    `)
  })

  test('stipend/testing', () => {
    expect(Object.keys(testing).toSorted()).toMatchInlineSnapshot(`
      [
        "dialectsGauntlet",
        "expectNothingPaid",
        "expectPaid",
        "gauntlet",
        "keyStoreContract",
        "ledgerContract",
        "mcpGauntlet",
        "mock402",
        "mock402Faults",
        "mockHandlers",
        "paidResource",
        "testClock",
        "testKeyStore",
        "testRandom",
        "toolsGauntlet",
      ]
    `)
  })

  test('stipend/tools', () => {
    expect(Object.keys(tools).toSorted()).toMatchInlineSnapshot(`
      [
        "callKey",
        "describeApproval",
        "paymentTools",
      ]
    `)
  })
})

describe('the entry points', () => {
  const entries = readEntries()
  const modules = readModules('src')
  const { exports, dependencies } = readJson('package.json') as {
    readonly exports: Readonly<Record<string, unknown>>
    readonly dependencies: Readonly<Record<string, string>>
  }

  test('are the same in the exports map as in the sources', () => {
    const expected = Object.keys(entries).map((name) => {
      const file = name.replace(/^stipend\/?/, '') || 'index'
      return [name.replace('stipend', '.'), { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` }] as const
    })
    const { './package.json': itself, ...modules } = exports
    expect(modules).toEqual(Object.fromEntries(expected))
    expect(itself).toBe('./package.json')
  })

  test('are all documented, and their names all listed here', () => {
    const { entryPoints } = readJson('typedoc.json') as { readonly entryPoints: readonly string[] }
    expect([...entryPoints].toSorted()).toEqual(Object.values(entries).toSorted())
    const listed = readFileSync(import.meta.filename, 'utf8').matchAll(/^import \* as \w+ from '([^']+)'/gm)
    expect([...[...listed].map(([, name = '']) => name), ...programs].toSorted()).toEqual(
      Object.keys(entries).toSorted(),
    )
  })

  test.each([
    'stipend',
    'stipend/client',
    'stipend/evm',
    'stipend/keys',
    'stipend/ledger',
    'stipend/testing',
    'stipend/tools',
  ])('%s loads the dependencies and no other package', (name) => {
    const loaded = loadedBy(entries[name]?.slice('./'.length) ?? '', modules)
    const packages = loaded.flatMap(({ imports }) =>
      imports.flatMap(({ specifier, file, isType }) => (isType || file ? [] : [packageOf(specifier)])),
    )
    expect(loaded.length).toBeGreaterThan(2)
    expect([...new Set(packages)].filter((one) => !(one in dependencies))).toEqual([])
  })
})

describe('the exported errors', () => {
  const classes = Object.entries(stipend).filter(([, value]) => isErrorClass(value) && value !== stipend.StipendError)

  test('have a sample each', () => {
    expect(classes.map(([name]) => name).toSorted()).toEqual(Object.keys(samples(stipend)).toSorted())
  })

  test.each(Object.entries(samples(stipend)))('%s is one of ours, by class and by brand', (name, error) => {
    expect(error).toBeInstanceOf(stipend.StipendError)
    expect(error.name).toBe(name)
    expect(error.code).toMatch(/^[a-z]+(_[a-z]+)+$/)
    expect(stipend.isStipendError(error)).toBe(true)
  })

  test('have a code each', () => {
    const codes = Object.values(samples(stipend)).map((error) => error.code)
    expect(new Set(codes).size).toBe(codes.length)
  })

  test('are known to another copy of the package by their brand', async () => {
    vi.resetModules()
    const other = await import('stipend')
    const error = new other.ConfigurationError('Failed to read')
    expect(other.StipendError).not.toBe(stipend.StipendError)
    expect(error).not.toBeInstanceOf(stipend.StipendError)
    expect(stipend.isStipendError(error)).toBe(true)
  })

  test('are told apart from all others', () => {
    const strangers = [new Error('x'), { code: 'payment_denied' }, 'payment_denied', null, undefined]
    expect(strangers.map(stipend.isStipendError)).toEqual(strangers.map(() => false))
  })
})

function isErrorClass(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof Error
}

/** One error of every exported class; a new class needs one here. */
function samples(copy: typeof stipend): Readonly<Record<string, stipend.StipendError>> {
  const limit = {
    name: 'daily limit',
    scope: 'wallet',
    window: { type: 'lifetime' },
    measure: 'count',
    max: 1n,
  } as const
  return {
    AlreadyPaidError: new copy.AlreadyPaidError(payment),
    ApprovalRequiredError: new copy.ApprovalRequiredError(approval),
    CancellationFailedError: new copy.CancellationFailedError(payment.id, { reason: 'the node is not there' }),
    ClockJumpedError: new copy.ClockJumpedError(3_600_000),
    ChainUnavailableError: new copy.ChainUnavailableError('no node has a blockhash'),
    ClockSkewError: new copy.ClockSkewError(60_000),
    ConfigurationError: new copy.ConfigurationError('Failed to read'),
    InsufficientFundsError: new copy.InsufficientFundsError({
      network: 'eip155:84532',
      address: '0x0',
      asset: { symbol: 'USDC', decimals: 6 },
      held: 0n,
      needed: 1n,
    }),
    KeyStoreLockedError: new copy.KeyStoreLockedError('the password is wrong'),
    LedgerUnavailableError: new copy.LedgerUnavailableError(new Error('disk full')),
    LimitExceededError: new copy.LimitExceededError({ limit, used: 1n, asked: 1n, explanation: 'daily limit of 1' }),
    MalformedMessageError: new copy.MalformedMessageError('Failed to parse'),
    NoPayableOfferError: new copy.NoPayableOfferError([]),
    PayeeAccountMissingError: new copy.PayeeAccountMissingError(
      { ...payment, network: 'solana:x' } as never,
      'account',
    ),
    PaymentDelayedError: new copy.PaymentDelayedError(approval),
    PaymentDeniedError: new copy.PaymentDeniedError([]),
    PaymentOutcomeUnknownError: new copy.PaymentOutcomeUnknownError(payment, { reason: 'the connection broke' }),
    PaymentRejectedError: new copy.PaymentRejectedError(payment, new Response(null, { status: 402 })),
    SessionInvalidError: new copy.SessionInvalidError('it is no session token'),
    SessionRevokedError: new copy.SessionRevokedError(`ses_${'0'.repeat(32)}`),
    SigningFailedError: new copy.SigningFailedError(payment, { reason: 'the key store threw', moved: 'no' }),
    SigningRejectedError: new copy.SigningRejectedError(payment, { moved: 'no' }),
    UnpayableRequestError: new copy.UnpayableRequestError('Failed to keep the body'),
    WalletFrozenError: new copy.WalletFrozenError({ reason: 'too many refusals', at: 0 }),
  }
}

/** As much of a payment as an error's message tells. */
const payment = {
  id: `pay_${'0'.repeat(32)}`,
  resource: { url: 'https://a.example/', method: 'GET', origin: 'https://a.example', host: 'a.example' },
  asset: { network: 'eip155:84532', symbol: 'USDC', decimals: 6 },
  amount: 1n,
  microUsd: 1n,
  payTo: `0x${'0'.repeat(40)}`,
  terms: { validBefore: 1 },
} as unknown as stipend.Payment

const approval = { ...payment, kind: 'delay', reason: 'over $10', expiresAt: 1 } as unknown as stipend.Approval

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'))
}

/** `@noble/hashes/sha2` is of the package `@noble/hashes`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
