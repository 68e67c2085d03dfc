import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findCycle, type Import, type Module, parseModule, readModules } from './support/modules.ts'

/** What everything may build on: the files at the root of `src`, and helpers that know no noun of ours. */
const ground = 'root lib'

/**
 * The arrows, from the bottom up: every folder of `src`, and what it may import of the rest of `src`. The files at its
 * root share a row with the folders of their parts, but for the public face. Files of one row may import each other, and everything but the root may
 * import the types of the ports; what is not here is forbidden.
 */
const arrows: Readonly<Record<string, string>> = {
  root: 'lib',
  lib: 'root',
  ports: ground,
  hosts: ground,
  evm: ground,
  solana: ground,
  protocols: ground,
  ledger: ground,
  assets: `${ground} evm solana`,
  keys: `${ground} evm solana`,
  policy: `${ground} hosts ledger assets`,
  pay: `${ground} hosts protocols ledger assets policy`,
  fetch: `${ground} protocols pay`,
  actions: `${ground} evm ledger assets policy pay`,
  reconcile: `${ground} protocols ledger assets pay`,
  'sign-in': `${ground} hosts evm`,
  receipts: `${ground} evm`,
  discovery: `${ground} hosts protocols pay fetch`,
  client: `${ground} hosts ledger pay fetch`,
  session: `${ground} hosts protocols ledger policy pay fetch actions`,
  wallet: `${ground} evm solana protocols ledger assets keys policy pay fetch reconcile actions session`,
  tools: `${ground} hosts policy pay fetch session wallet`,
  faces: '*',
}

/** Not even what may import anything may import these: the public face, and what is for tests. */
const faces = ['src/index.ts', 'src/client/', 'src/ledger/index.ts', 'src/actions/index.ts', 'src/testing/']

/** Packages that sources may load, and Node's own modules: by the folder or file that may. */
const packages: Readonly<Record<string, readonly string[]>> = {
  'src/': ['zod', 'eventemitter3', '@noble/curves', '@noble/hashes', '@scure/base', '@scure/bip32', '@scure/bip39'],
  // Loaded when the first payment on Solana is made.
  'src/solana/build-message.ts': ['@solana/web3.js'],
}

/** Where a clock, chance or a timer is read although these come in as arguments everywhere else. */
const ambient: Readonly<Record<string, string>> = {
  'src/lib/deadline.ts': 'setTimeout',
  'src/reconcile/loop.ts': 'setTimeout',
  'src/wallet/clock.ts': 'Date.now performance.now', // the defaults of `clock` and `monotonic`
  'src/solana/exact.ts': 'Date.now', // the default of `clock`
  'src/solana/blockhash.ts': 'setTimeout', // looks for the next block
  'src/solana/chain.ts': 'Date.now', // the default of `clock`
  'src/testing/server/paid-resource.ts': 'Date.now', // the default of `clock`
  'src/testing/server/answers.ts': 'Date.now', // likewise
  'src/testing/mock/read-options.ts': 'Date.now', // likewise
  'src/testing/gauntlet/world.ts': 'Date.now', // when payers that know no other clock have paid
  'src/keys/file/vault.ts': 'Date.now', // the default of `clock`
  'src/protocols/mpp/index.ts': 'Date.now', // the default of `clock`
  'src/lib/random.ts': 'crypto.getRandomValues', // the default of `random`
  'src/fetch/body.ts': 'crypto.randomUUID', // a multipart boundary
  'src/ledger/memory.ts': 'crypto.getRandomValues', // a secret of its own
  'adapters/http/webhook.ts': 'Date.now', // the default of `clock`
  'adapters/postgres/connection.ts': 'performance.now', // until when a statement may take
  'adapters/postgres/index.ts': 'crypto.getRandomValues', // a secret of its own
  'adapters/sqlite/ledger.ts': 'crypto.getRandomValues', // likewise
  'adapters/sqlite/durable-object/index.ts': 'Date.now', // the default of `clock`
  'adapters/sqlite/groups.ts': 'setImmediate', // ends a turn of the event loop
  'adapters/node/exchange.ts': 'setTimeout', // gives up an answer that does not begin
}

/** What stands in `test` and mirrors no folder of sources. */
const testFolders: Readonly<Record<string, string>> = {
  bench: 'measures, and asserts nothing',
  fixtures: 'data',
  gauntlet: 'clients that are run through every case',
  interop: 'real peers and real chains',
  peers: 'other versions of what the package is used with',
  processes: 'several processes at once, and some that are killed',
  runtimes: 'other runtimes, and what bundles for them',
  simulation: 'whole purchases with seeded faults',
  soak: 'processes that buy for a long time',
  support: 'what tests share',
}

/** Tests of a whole folder that have the name of a file elsewhere. */
const namesakes: Readonly<Record<string, string>> = {
  'client/client': 'a client against a service',
  'fetch/offers': 'offers that are none, or of several which is taken',
  'keys/contract': 'all key stores under one contract',
  'keys/file/lock': 'a key file that is locked',
  'keys/wallet': 'a wallet with each key store',
  'ledger/contract': 'all ledgers under one contract',
  'ledger/verify': 'all ledgers that can verify themselves',
  'pay/limits': 'what limits let through',
  'policy/guard': 'a policy that answers with anything',
  'postgres/clock': 'the time of a PostgreSQL ledger',
  'session/labels': 'what a session files under labels',
  'solana/families': 'wallets with keys of two families',
  'solana/reconcile': 'a wallet that reconciles on Solana',
}

/** Programs, which put adapters together by their names, as an application does. */
const programs = ['adapters/mcp/stdio/']

/** What throws a bare `Error`, because a test runner catches it. */
const assertions = ['src/testing/claim.ts']

const root = fileURLToPath(new URL('../', import.meta.url))
const source = readModules('src')
const adapters = readModules('adapters')
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

function againstArrows(module: Module): readonly string[] {
  const row = arrows[rowOf(module.file)]
  if (row === undefined) return [`${module.file} has no row in the table of arrows: give it one`]
  return module.imports
    .filter((one) => one.file !== undefined && !isAllowed(module.file, one, row))
    .map((one) => at(module.file)({ line: one.line, what: `${one.isType ? 'type' : 'value'} → ${one.file}` }))
}

function isAllowed(from: string, { file = '', isType }: Import, row: string): boolean {
  if (faces.some((face) => file.startsWith(face))) return folderOf(from) === folderOf(file) && file !== 'src/index.ts'
  if (rowOf(from) === rowOf(file)) return true
  if (rowOf(file) === 'ports' && isType) return rowOf(from) !== 'root'
  return ['*', rowOf(file)].some((name) => row.split(' ').includes(name))
}

function folderOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1]
}

function rowOf(file: string): string {
  const folder = folderOf(file)
  if (folder === 'testing' || file === 'src/index.ts') return 'faces'
  return /^src\/(types|errors|money|resource)(\.ts$|\/)/.test(file) ? 'root' : (folder ?? file)
}

function againstAdapters({ file, imports }: Module): readonly string[] {
  const own = file.split('/').slice(0, 2).join('/')
  const isOwn = (one: Import): boolean => one.file?.startsWith(`${own}/`) ?? !isAdapter(one.specifier)
  const isGround = (one: Import): boolean => /^src\/(lib|hosts)\//.test(one.file ?? '')
  const isAllowed = (one: Import): boolean => isOwn(one) || isGround(one) || (isProgram(file) && one.file === undefined)
  return imports.filter((one) => !isAllowed(one)).map((one) => at(file)({ line: one.line, what: `→ ${one.specifier}` }))
}

/** A test is named after a file of its folder, or after a behaviour; not after a file that is elsewhere. */
function againstMirror(test: string, files: readonly string[]): readonly string[] {
  const [, path = '', name = ''] = /^test\/(.*?)([^/]+)\.test\.ts$/.exec(test) ?? []
  const isApart = Object.hasOwn(testFolders, path.split('/')[0] ?? '') || Object.hasOwn(namesakes, path + name)
  if (path === '' || isApart) return []
  const folders = [`src/${path}`, `adapters/${path}`, `src/${path.slice(0, -1)}.ts`]
  const own = files.filter((file) => folders.some((folder) => file.startsWith(folder)))
  if (own.length === 0) return [`${test} mirrors no folder`]
  const named = files.filter((file) => file.endsWith(`/${name}.ts`))
  return named.length === 0 || named.some((file) => own.includes(file)) ? [] : [`${test} is of ${named.join(', ')}`]
}

function withoutComments(file: string): string {
  return readFileSync(`${root}${file}`, 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*/g, '')
}

function isProgram(file: string): boolean {
  return programs.some((folder) => file.startsWith(folder))
}

function isAdapter(specifier: string): boolean {
  const name = /^stipend\/(.+)$/.exec(specifier)?.[1]
  return adapters.some(({ file }) => file === `adapters/${name}/index.ts`)
}

function againstPackages({ file, imports }: Module): readonly string[] {
  const allowed = Object.entries(packages).flatMap(([part, names]) => (file.startsWith(part) ? names : []))
  return imports
    .filter((one) => one.file === undefined)
    .filter(({ specifier }) => !allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`)))
    .map(({ line, specifier }) => at(file)({ line, what: `→ ${specifier}` }))
}

function againstAmbient({ file, ambient: reads }: Module): readonly string[] {
  const allowed = ambient[file]?.split(' ') ?? []
  return reads.filter(({ what }) => !allowed.includes(what)).map(at(file))
}

function at(file: string): (finding: { readonly line: number; readonly what: string }) => string {
  return ({ line, what }) => `${file}:${line} ${what}`
}
