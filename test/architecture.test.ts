import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findCycle, parseModule, readModules } from './support/modules.ts'
import {
  adapters,
  againstArrows,
  rowOf,
  arrows,
  againstAdapters,
  againstPackages,
  againstMirror,
  at,
  againstAmbient,
  againstSize,
} from './support/architecture.ts'

/** What throws a bare `Error`, because a test runner catches it. */
const assertions = ['src/testing/claim.ts']

const root = fileURLToPath(new URL('../', import.meta.url))
const source = readModules('src')

const everything = [...source, ...adapters]

describe('the architecture', () => {
  test('sources import along the arrows only', () => {
    expect(source.length).toBeGreaterThan(20)
    expect(source.flatMap(againstArrows)).toEqual([])
  })

  test('the table of arrows has no row without a file', () => {
    const rows = new Set(source.map(({ file }) => rowOf(file)))
    expect(Object.keys(arrows).filter((row) => !rows.has(row))).toEqual([])
  })

  test('adapters import the package by its own name, its helpers by path, and never one another', () => {
    expect(adapters.flatMap(againstAdapters)).toEqual([])
  })

  test('sources load no package but the dependencies, and nothing that only Node has', () => {
    expect(source.flatMap(againstPackages)).toEqual([])
  })

  test('signers are asked in one file alone, and only the step that records payments admits them to it', () => {
    const filesWith = (what: RegExp): readonly string[] =>
      everything.map(({ file }) => file).filter((file) => what.test(readFileSync(`${root}${file}`, 'utf8')))
    expect(filesWith(/\b(scheme|cancellation)\.sign\(/)).toEqual(['src/pay/sign.ts'])
    expect(filesWith(/\badmit\b/).toSorted()).toEqual(['src/pay/reserve.ts', 'src/pay/sign.ts'])
    const askers = filesWith(/signer\.sign(TypedData|Message|Transaction|In)\(/)
    expect(askers.filter((file) => !/^src\/(evm|solana|keys|testing)\//.test(file))).toEqual([])
  })

  test('no family of chains is named but where it lives, in the tables and in the stores of keys', () => {
    const naming = /['`](eip155|solana)[:'`]/
    const files = source.map(({ file }) => file).filter((file) => naming.test(withoutComments(file)))
    expect(
      files.filter((file) => !/^src\/(evm|solana|keys|testing|protocols)\/|^src\/assets\/pinned/.test(file)),
    ).toEqual([])
  })

  test('tests stand where what they test does', () => {
    const files = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
    const tests = files
      .map((file) => `test/${file}`)
      .filter((file) => file.endsWith('.test.ts') && !file.includes('/node_modules/'))
    expect(tests.length).toBeGreaterThan(20)
    const names = everything.map(({ file }) => file)
    expect(tests.flatMap((file) => againstMirror(file, names))).toEqual([])
  })

  test('no file is longer than a reader can follow', () => {
    const files = ['src', 'adapters', 'test'].flatMap((folder) =>
      readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
        .map((file) => `${folder}/${file}`)
        .filter((file) => file.endsWith('.ts') && !/\/node_modules\/|\/console\/built\.ts$/.test(file)),
    )
    expect(files.length).toBeGreaterThan(500)
    expect(files.flatMap((file) => againstSize(file, readFileSync(`${root}${file}`, 'utf8')))).toEqual([])
  })

  test('no module imports itself through others, types included', () => {
    expect(findCycle(everything)?.join(' → ')).toBeUndefined()
  })

  test('exports have names, one by one', () => {
    expect(everything.flatMap(({ file, badExports }) => badExports.map(at(file)))).toEqual([])
  })

  test('clock, chance and timers come in as arguments', () => {
    expect(everything.flatMap(againstAmbient)).toEqual([])
  })

  test('no error is a bare Error', () => {
    const throwing = everything.filter(({ file }) => !assertions.includes(file))
    expect(throwing.flatMap(({ file, bareThrows }) => bareThrows.map(at(file)))).toEqual([])
  })
})

/** A check that cannot fail says nothing: each is shown a source that breaks it. */
describe('the checks of the architecture', () => {
  test.each([
    ['src/types.ts', `import type { Ledger } from './ports/ledger.js'`],
    ['src/money.ts', `import { isPublicHost } from './hosts/match.js'`],
    ['src/lib/bytes.ts', `import { isPublicHost } from '../hosts/match.js'`],
    ['src/ledger/memory.ts', `import type { Rule } from '../policy/engine.js'`],
    ['src/evm/exact.ts', `import type { PrivateKey } from '../keys/private-key.js'`],
    ['src/evm/exact.ts', `import { readMessage } from '../solana/read-message.js'`],
    ['src/pay/authorize.ts', `export { privateKey } from '../keys/private-key.js'`],
    ['src/pay/authorize.ts', `import { wrapFetch } from '../fetch/wrap-fetch.js'`],
    ['src/fetch/wrap-fetch.ts', `import { createAgentWallet } from '../wallet/create-wallet.js'`],
    ['src/policy/engine.ts', `const wallet = await import('../wallet/create-wallet.js')`],
    ['src/policy/engine.ts', `export type Wallet = import('../wallet/wallet.js').AgentWallet`],
    ['src/wallet/create-wallet.ts', `import { testing } from '../testing/index.js'`],
    ['src/testing/server/wire.ts', `import { createAgentWallet } from '../../index.js'`],
    ['src/index.ts', `export { paidResource } from './testing/index.js'`],
    ['src/stray.ts', `export const stray = 1`],
  ])('the arrows forbid, in %s, %s', (file, text) => {
    expect(againstArrows(parseModule(file, text))).toEqual([expect.stringContaining(file)])
  })

  test.each([
    `import { createAgentWallet } from '../../src/wallet.js'`,
    `import type { Row } from '../postgres/schema.js'`,
    `import { postgresLedger } from 'stipend/postgres'`,
  ])('the rule for adapters forbids %s', (text) => {
    expect(againstAdapters(parseModule('adapters/sqlite/index.ts', text))).toHaveLength(1)
  })

  test('the rule for adapters lets a program use others by name, and nothing by a path', () => {
    const file = 'adapters/mcp/stdio/open.ts'
    expect(againstAdapters(parseModule(file, `import { sqliteLedger } from 'stipend/sqlite'`))).toEqual([])
    expect(againstAdapters(parseModule(file, `import { x } from '../../sqlite/index.js'`))).toHaveLength(1)
  })

  test.each([
    `import { readFileSync } from 'node:fs'`,
    `import { Buffer } from 'buffer'`,
    `import { keccak256 } from 'viem'`,
    `import type { Account } from 'viem/accounts'`,
    `const web3 = await import('@solana/web3.js')`,
    `import { createAgentWallet } from 'stipend'`,
  ])('the rule for packages forbids %s', (text) => {
    expect(againstPackages(parseModule('src/fetch/wrap-fetch.ts', text))).toHaveLength(1)
  })

  test.each(['test/chains/evm.test.ts', 'test/wallet/clock.test.ts'])('the mirror of the tests forbids %s', (file) => {
    expect(againstMirror(file, ['src/pay/clock.ts', 'src/wallet/wallet.ts'])).toHaveLength(1)
  })

  test.each(['test/pay/clock.test.ts', 'test/pay/races.test.ts', 'test/interop/evm.test.ts'])(
    'the mirror of the tests allows %s',
    (file) => expect(againstMirror(file, ['src/pay/clock.ts'])).toEqual([]),
  )

  test.each([
    ['src/money.ts', 240],
    ['test/money.test.ts', 300],
  ])('the rule on size forbids, in %s, more than %i lines', (file, max) => {
    expect(againstSize(file, 'a\n'.repeat(max))).toEqual([])
    expect(againstSize(file, 'a\n'.repeat(max + 1))).toHaveLength(1)
  })

  test('the rule on cycles sees one of types', () => {
    const modules = [
      parseModule('src/a.ts', `import { b } from './b.js'`),
      parseModule('src/b.ts', `import { c } from './folder/c.ts'`),
      parseModule('src/folder/c.ts', `import type { b } from '../b.js'`),
    ]
    expect(findCycle(modules)).toEqual(['src/b.ts', 'src/folder/c.ts', 'src/b.ts'])
    expect(findCycle(modules.slice(0, 2))).toBeUndefined()
  })

  test.each([
    `export default 1`,
    `export default function () {}`,
    `export default class {}`,
    `const one = 1; export { one as default }`,
    `export * from './money.js'`,
    `export type * from './money.js'`,
    `export * as money from './money.js'`,
  ])('the rule for exports forbids %s', (text) => {
    expect(parseModule('src/money.ts', text).badExports).toHaveLength(1)
  })

  test.each([
    `const now = Date.now()`,
    `const clock = globalThis.Date.now`,
    `const now = new Date()`,
    `const one = Math.random()`,
    `setTimeout(() => {}, 1)`,
    `globalThis.setTimeout(() => {}, 1)`,
    `const nonce = crypto.getRandomValues(new Uint8Array(32))`,
    `const nonce = globalThis.crypto.randomUUID()`,
  ])('the rule for clock, chance and timers forbids %s', (text) => {
    expect(againstAmbient(parseModule('src/money.ts', text))).toHaveLength(1)
  })

  test('the rule for clock, chance and timers allows a type, a date of an argument and a name of ours', () => {
    const text = `let timer: ReturnType<typeof setTimeout>; const at = new Date(now); clock.now(); timers.setTimeout()`
    expect(againstAmbient(parseModule('src/money.ts', text))).toEqual([])
  })

  test('the rule for errors forbids a bare Error and allows the others', () => {
    const text = `function f() { throw new Error('x') } function g() { throw new TypeError('x') }`
    expect(parseModule('src/money.ts', text).bareThrows).toHaveLength(1)
  })
})

function withoutComments(file: string): string {
  return readFileSync(`${root}${file}`, 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*/g, '')
}
