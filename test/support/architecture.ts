import { type Import, type Module, readModules } from './modules.ts'

/**
 * The arrows, from the bottom up: every folder of `src`, and what it may import of the rest of `src`. Files of one row may
 * import each other, and everything but the ground may import the types of the ports; what is not here is forbidden.
 *
 * The ground is what everything may build on: the files at the root of `src` but for the public face, the folders of their
 * parts, and helpers that know no noun of ours. The plugins are entries that a wallet may be
 * given: sign-in and receipts. The faces are the public one, the client and what is for tests.
 */
export const arrows: Readonly<Record<string, string>> = {
  ground: '',
  ports: 'ground',
  hosts: 'ground',
  evm: 'ground',
  solana: 'ground',
  protocols: 'ground',
  ledger: 'ground',
  assets: 'ground evm solana',
  keys: 'ground evm solana',
  policy: 'ground hosts ledger assets',
  pay: 'ground hosts protocols ledger assets policy',
  fetch: 'ground protocols pay',
  actions: 'ground evm ledger assets policy pay',
  reconcile: 'ground protocols ledger assets pay',
  lightning: 'ground protocols',
  plugins: 'ground hosts evm',
  discovery: 'ground hosts protocols pay fetch',
  session: 'ground hosts protocols ledger policy pay fetch actions',
  wallet: 'ground evm solana protocols ledger assets keys policy pay fetch reconcile actions session',
  tools: 'ground hosts policy pay fetch discovery session wallet',
  faces: '*',
}

/** Not even what may import anything may import these: the public face, and what is for tests. */
const faces = ['src/index.ts', 'src/client/', 'src/ledger/index.ts', 'src/actions/index.ts', 'src/testing/']
/** Packages that sources may load, and Node's own modules: by the folder or file that may. */
const packages: Readonly<Record<string, readonly string[]>> = {
  'src/': ['zod', 'eventemitter3', '@noble/curves', '@noble/hashes', '@scure/base', '@scure/bip32', '@scure/bip39'],
  // An entry of its own.
  'src/hosts/public-suffixes.ts': ['tldts'],
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
  'src/lightning/index.ts': 'Date.now', // likewise
  'src/lib/random.ts': 'crypto.getRandomValues', // the default of `random`
  'src/fetch/body.ts': 'crypto.randomUUID', // a multipart boundary
  'src/ledger/memory.ts': 'crypto.getRandomValues', // a secret of its own
  'adapters/http/webhook.ts': 'Date.now', // the default of `clock`
  'adapters/postgres/connection.ts': 'performance.now', // until when a statement may take
  'adapters/postgres/index.ts': 'crypto.getRandomValues', // a secret of its own
  'adapters/sqlite/ledger.ts': 'crypto.getRandomValues', // likewise
  'adapters/sqlite/durable-object/index.ts': 'Date.now', // the default of `clock`
  'adapters/sqlite/groups.ts': 'setImmediate', // ends a turn of the event loop
  'adapters/sqlite/machine-time.ts': 'Date.now performance.now', // what has passed since the system was asked
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

export const adapters = readModules('adapters')

export function againstArrows(module: Module): readonly string[] {
  const row = arrows[rowOf(module.file)]
  if (row === undefined) return [`${module.file} has no row in the table of arrows: give it one`]
  return module.imports
    .filter((one) => one.file !== undefined && !isAllowed(module.file, one, row))
    .map((one) => at(module.file)({ line: one.line, what: `${one.isType ? 'type' : 'value'} → ${one.file}` }))
}

function isAllowed(from: string, { file = '', isType }: Import, row: string): boolean {
  if (faces.some((face) => file.startsWith(face))) return folderOf(from) === folderOf(file) && file !== 'src/index.ts'
  if (rowOf(from) === rowOf(file)) return true
  if (rowOf(file) === 'ports' && isType) return rowOf(from) !== 'ground'
  return ['*', rowOf(file)].some((name) => row.split(' ').includes(name))
}

function folderOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1]
}

export function rowOf(file: string): string {
  const folder = folderOf(file) ?? file
  if (/^(testing|client|src\/index\.ts)$/.test(folder)) return 'faces'
  if (/^(sign-in|receipts)$/.test(folder)) return 'plugins'
  return /^src\/(lib\/|(types|errors|money|resource)(\.ts$|\/))/.test(file) ? 'ground' : folder
}

export function againstAdapters({ file, imports }: Module): readonly string[] {
  const own = file.split('/').slice(0, 2).join('/')
  const isOwn = (one: Import): boolean => one.file?.startsWith(`${own}/`) ?? !isAdapter(one.specifier)
  const isGround = (one: Import): boolean => /^src\/(lib|hosts)\//.test(one.file ?? '')
  const isAllowed = (one: Import): boolean => isOwn(one) || isGround(one) || (isProgram(file) && one.file === undefined)
  return imports.filter((one) => !isAllowed(one)).map((one) => at(file)({ line: one.line, what: `→ ${one.specifier}` }))
}

/** A test is named after a file of its folder, or after a behaviour; not after a file that is elsewhere. */
export function againstMirror(test: string, files: readonly string[]): readonly string[] {
  const [, path = '', name = ''] = /^test\/(.*?)([^/]+)\.test\.ts$/.exec(test) ?? []
  const isApart = Object.hasOwn(testFolders, path.split('/')[0] ?? '') || Object.hasOwn(namesakes, path + name)
  if (path === '' || isApart) return []
  const folders = [`src/${path}`, `adapters/${path}`, `src/${path.slice(0, -1)}.ts`]
  const own = files.filter((file) => folders.some((folder) => file.startsWith(folder)))
  if (own.length === 0) return [`${test} mirrors no folder`]
  const named = files.filter((file) => file.endsWith(`/${name}.ts`))
  return named.length === 0 || named.some((file) => own.includes(file)) ? [] : [`${test} is of ${named.join(', ')}`]
}

/** As many lines as a reader can follow. */
export function againstSize(file: string, text: string): readonly string[] {
  const max = file.startsWith('test/') ? 300 : 240
  const lines = text.split('\n').length - 1
  return lines <= max ? [] : [`${file} has ${lines} lines, and ${max} are the most: split it by what it is about`]
}

function isProgram(file: string): boolean {
  return programs.some((folder) => file.startsWith(folder))
}

function isAdapter(specifier: string): boolean {
  const name = /^stipend\/(.+)$/.exec(specifier)?.[1]
  return adapters.some(({ file }) => file === `adapters/${name}/index.ts`)
}

export function againstPackages({ file, imports }: Module): readonly string[] {
  const allowed = Object.entries(packages).flatMap(([part, names]) => (file.startsWith(part) ? names : []))
  return imports
    .filter((one) => one.file === undefined)
    .filter(({ specifier }) => !allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`)))
    .map(({ line, specifier }) => at(file)({ line, what: `→ ${specifier}` }))
}

export function againstAmbient({ file, ambient: reads }: Module): readonly string[] {
  const allowed = ambient[file]?.split(' ') ?? []
  return reads.filter(({ what }) => !allowed.includes(what)).map(at(file))
}

export function at(file: string): (finding: { readonly line: number; readonly what: string }) => string {
  return ({ line, what }) => `${file}:${line} ${what}`
}
