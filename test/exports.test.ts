import { readFileSync } from 'node:fs'
import * as stipend from 'stipend'
import { describe, expect, test, vi } from 'vitest'
import { programs, readEntries } from '../scripts/entries.ts'
import { loadedBy, readModules } from './support/modules.ts'

const entries = readEntries()

// A public name is a promise. After adding or removing one on purpose:
//   npx vitest run test/exports.test.ts --update
describe('the public names', () => {
  test.each(Object.keys(entries).filter((name) => !programs.includes(name)))('%s', async (name) => {
    const module: object = await import(name)
    expect(Object.keys(module).toSorted()).toMatchSnapshot()
  })
})

describe('the entry points', () => {
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

  test('are all documented', () => {
    const { entryPoints } = readJson('typedoc.json') as { readonly entryPoints: readonly string[] }
    expect([...entryPoints].toSorted()).toEqual(Object.values(entries).toSorted())
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
