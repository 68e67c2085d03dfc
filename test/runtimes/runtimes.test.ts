import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { paidResource } from 'stipend/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { programs, readEntries } from '../../scripts/entries.ts'
import { createApplication } from './application.ts'
import { type Bundled, bundlers } from './bundlers.ts'
import { chromiumOptions, chromiumPath } from '../support/chromium.ts'
import { type Listening, listen } from '../support/listen.ts'
import { EdgeVM, Miniflare } from './packages.mjs'
import { type Answers, writeTable } from './table.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const here = `${root}test/runtimes/`
const app = createApplication()
const run = promisify(execFile)

const all = Object.keys(readEntries()).filter((name) => !programs.includes(name))
/** What is made of Node's own files and sockets. */
const forNode = ['stipend/node', 'stipend/sqlite']
/** What needs a package besides, whose own code is not what is looked at here. */
const withPeers = ['ai-sdk', 'axios', 'fast', 'langchain', 'mcp', 'openai-agents', 'opentelemetry'].map(
  (name) => `stipend/${name}`,
)
const forWeb = all.filter((name) => !forNode.includes(name))

const shop = paidResource({ priceUsd: '0.01' })
let server: Listening

/** Lets pages of other origins pay, and send nothing else that is not plain. */
async function answer(request: Request): Promise<Response> {
  const cors = {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'payment-signature',
    'access-control-expose-headers': 'payment-required, payment-response',
  }
  const response = request.method === 'OPTIONS' ? new Response(null, { status: 204 }) : await shop(request)
  for (const [name, value] of Object.entries(cors)) response.headers.set(name, value)
  return response
}

/** Writes a program that loads some of the entries by name: when it is started, or one after another. */
function write(file: string, names: readonly string[], last: string, isAtOnce = false): void {
  const imports = isAtOnce ? names.map((name, index) => `import * as entry${index} from '${name}'\n`) : []
  const loaders = names.map((name, index) => `'${name}': () => ${isAtOnce ? `entry${index}` : `import('${name}')`},`)
  const lines = [...imports, "import { run } from './program.mjs'", `const loaders = {${loaders.join('\n')}}`, last]
  writeFileSync(`${app}${file}`, lines.join('\n'))
}

beforeAll(async () => {
  copyFileSync(`${here}program.mjs`, `${app}program.mjs`)
  write('main.mjs', all, 'console.log(JSON.stringify(await run(loaders, process.argv.at(-1))))')
  // What some are used with is not there: that they load is what can be seen.
  const start = `export const start = (url) => run(loaders, url, ${JSON.stringify(withPeers)})\nglobalThis.start = start`
  const answerTo = '{ fetch: async ({ url }) => Response.json(await start(new URL(url).searchParams.get("url"))) }'
  write('web.mjs', forWeb, start)
  write('worker.mjs', forWeb, `${start}\nexport default ${answerTo}`, true)
  const plain = forWeb.filter((name) => ![...withPeers, 'stipend/solana', 'stipend/http'].includes(name))
  write('page.mjs', plain, start)
  server = await listen(answer)
}, 180_000)
afterAll(async () => {
  await server?.close()
  rmSync(app, { recursive: true, force: true })
})

const start = async (program: string, ...given: readonly string[]): Promise<Answers> => {
  const { stdout } = await run(program, [...given, `${app}main.mjs`, server.url], { cwd: app, maxBuffer: 2 ** 24 })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Answers
}
const installed = (path: string): string => `${here}node_modules/${path}`
const web = (bundler: string, file = 'web.mjs'): Promise<Bundled> => {
  const bundle = bundlers[bundler]
  if (!bundle) throw new Error(`there is no ${bundler}`)
  return bundle(`${app}${file}`, app)
}

/** Loads all in Jest's own realm, whose arrays and objects are not those of Node's. */
async function inJest(): Promise<Answers> {
  const body = 'writeFileSync("jest.json", JSON.stringify(await run(loaders, process.env.URL)))'
  const end = `import { writeFileSync } from 'node:fs'\ntest('the entries', async () => { ${body} }, 60_000)`
  write('entries.test.mjs', all, end)
  const config = JSON.stringify({ transform: {}, testMatch: ['**/entries.test.mjs'] })
  const given = ['--experimental-vm-modules', installed('jest/bin/jest.js'), '--rootDir', app, '--config', config]
  await run(process.execPath, given, { cwd: app, env: { ...process.env, URL: server.url } })
  return JSON.parse(readFileSync(`${app}jest.json`, 'utf8')) as Answers
}

/** Loads all when the worker starts, which is when nothing may be drawn, timed or fetched. */
async function inWorkerd(): Promise<Answers> {
  const { file } = await web('esbuild, ES modules', 'worker.mjs')
  const modules = [{ type: 'ESModule', path: 'worker.js', contents: readFileSync(file, 'utf8') }]
  const cloudflare = new Miniflare({ modules, compatibilityDate: '2026-01-01' })
  try {
    const response = await cloudflare.dispatchFetch(`http://worker.test/?url=${server.url}`)
    return (await response.json()) as Answers
  } finally {
    await cloudflare.dispose()
  }
}

async function inEdgeRuntime(): Promise<Answers> {
  const { file } = await web('esbuild, a script')
  const edge = new EdgeVM()
  edge.evaluate(readFileSync(file, 'utf8'))
  return JSON.parse(String(await edge.evaluate(`start('${server.url}').then(JSON.stringify)`))) as Answers
}

/** Runs a bundle in a page of an origin that is not the shop's. */
async function inChromium(script: string): Promise<Answers> {
  const page = `<!doctype html><meta charset="utf-8"><script type="module">${script.replaceAll('</script', '<\\/script')}</script>`
  const origin = await listen(() => new Response(page, { headers: { 'content-type': 'text/html' } }))
  const browser = await chromium.launch(chromiumOptions)
  try {
    const tab = await browser.newPage()
    await tab.goto(origin.url)
    await tab.waitForFunction('globalThis.start !== undefined')
    return (await tab.evaluate(`start('${server.url}')`)) as Answers
  } finally {
    await browser.close()
    await origin.close()
  }
}

type Runtime = { readonly names: readonly string[]; readonly isThere: boolean; readonly start: () => Promise<Answers> }

const nodeBinary = (name: string): string => installed(`${name}/bin/node`)
const bun = installed('@oven/bun-linux-x64/bin/bun')
const deno = installed('@deno/linux-x64-glibc/deno')
const denoOptions = ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual']

const runtimes: Readonly<Record<string, Runtime>> = {
  'Node 20.19': { names: all, isThere: existsSync(nodeBinary('node-20')), start: () => start(nodeBinary('node-20')) },
  'Node 22': { names: all, isThere: existsSync(nodeBinary('node-22')), start: () => start(nodeBinary('node-22')) },
  'Node 24': { names: all, isThere: true, start: () => start(process.execPath) },
  'Jest 30': { names: all, isThere: true, start: inJest },
  Bun: { names: all, isThere: existsSync(bun), start: () => start(bun, 'run') },
  Deno: { names: all, isThere: existsSync(deno), start: () => start(deno, ...denoOptions) },
  workerd: { names: forWeb, isThere: true, start: inWorkerd },
  'edge-runtime': { names: forWeb, isThere: true, start: inEdgeRuntime },
  Chromium: {
    names: forWeb,
    isThere: chromiumPath !== undefined,
    start: async () => inChromium(readFileSync((await web('esbuild, ES modules')).file, 'utf8')),
  },
}

const seen: Record<string, Answers> = {}

describe.each(Object.entries(runtimes))('on %s', (name, { names, isThere, start: startIt }) => {
  test('every entry that is for it does what it is for, or says in a sentence what it needs', async ({ skip }) => {
    skip(!isThere, 'it is not installed here')
    const before = shop.payments.length
    const answers = await startIt()
    seen[name] = answers
    expect(Object.keys(answers).toSorted()).toEqual([...names].toSorted())
    const failed = Object.entries(answers).filter(([, one]) => typeof one !== 'string')
    const noSqlite = expect.objectContaining({ code: 'configuration_invalid' }) as unknown
    expect(failed).toEqual(name === 'Node 20.19' ? [['stipend/sqlite', noSqlite]] : [])
    const overHttp = Object.entries(answers).filter(([entry, one]) => one === 'pays' && entry !== 'stipend/testing')
    expect(overHttp.length).toBeGreaterThanOrEqual(3)
    expect(shop.payments.length - before).toBe(overHttp.length)
  })
})

describe.each(Object.keys(bundlers))('bundled by %s', (bundler) => {
  test('the package is bundled without a warning, and pays', async ({ skip }) => {
    const { file, warnings } = await web(bundler, 'page.mjs')
    expect(warnings).toEqual([])
    const inNode = (): Promise<Answers> =>
      (createRequire(import.meta.url)(file) as { start: (url: string) => Promise<Answers> }).start(server.url)
    skip(chromiumPath === undefined && !file.endsWith('.cjs'), 'no Chromium is installed here')
    const answers = await (file.endsWith('.cjs') ? inNode() : inChromium(readFileSync(file, 'utf8')))
    expect(answers).toMatchObject({ stipend: 'pays', 'stipend/keys': 'pays', 'stipend/tools': 'pays' })
  })
})

test('the table in the documentation is what was seen', async ({ skip }) => {
  skip(Object.keys(seen).length < Object.keys(runtimes).length, 'not every runtime is installed here')
  await expect(writeTable(all, seen, Object.keys(bundlers))).toMatchFileSnapshot(`${root}docs/runtimes.md`)
})
