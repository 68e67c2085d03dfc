import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChain, type TestChain } from '../examples/support/chain.ts'
import { type Facilitator, startFacilitator } from '../examples/support/facilitator.ts'
import { type OfficialServer, startServer } from '../examples/support/servers.ts'
import { installPacked } from '../scripts/packed.ts'
import { temporaryFolder } from './support/folder.ts'

type Block = { readonly language: string; readonly text: string }

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = temporaryFolder()
const app = `${folder}/app`
const printed = 'https://api.example.com/report'
const price = 10_000n

let chain: TestChain
let facilitator: Facilitator
let server: OfficialServer

/** Builds and packs the package, and installs it where nothing else is. */
function install(): void {
  const built = `${folder}/package`
  mkdirSync(built)
  for (const file of ['package.json', 'CHANGELOG.md']) copyFileSync(`${root}${file}`, `${built}/${file}`)
  const tsup = `${root}node_modules/tsup/dist/cli-default.js`
  execFileSync(process.execPath, [tsup, '--no-dts', '--silent', '--out-dir', `${built}/dist`], { cwd: root })
  installPacked(app, built)
}

beforeAll(async () => {
  install()
  chain = await startChain()
  facilitator = await startFacilitator(chain)
  server = await startServer({ facilitator, price: '$0.01' })
})
afterAll(async () => {
  await server?.close()
  await facilitator?.close()
  await chain?.stop()
})

/** The blocks of a page, in their order, up to a heading. */
function readBlocks(page: string, end: string): readonly Block[] {
  const [steps = ''] = readFileSync(`${root}${page}`, 'utf8').split(`\n## ${end}\n`)
  return [...steps.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }))
}

type Ended = { readonly stdout: string; readonly stderr: string; readonly failed: boolean }

/** Does what a line for a shell says, in the folder of the application; the network is one paid server. */
function run(line: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const own = {
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    NODE_OPTIONS: `--import=${new URL('./support/elsewhere.mjs', import.meta.url).href}`,
    FETCH_AT: printed,
    FETCH_FROM: `${server.url}/paid`,
  }
  const options = { cwd: app, env: { ...own, ...env }, timeout: 60_000 }
  return new Promise((resolve) => {
    execFile('sh', ['-c', line], options, (error, stdout, stderr) =>
      resolve({ stdout, stderr, failed: error !== null }),
    )
  })
}

/** What is printed where `…` stands for what differs from run to run. */
function asPrinted(text: string): RegExp {
  const parts = text.split('…').map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join(String.raw`\S+`)}$`)
}

/** Follows the steps as a reader does: what is to be added is added, what is to be run is run, and says what is shown. */
async function follow(blocks: readonly Block[], file: string): Promise<string> {
  let output = ''
  for (const { language, text } of blocks) {
    if (language === 'ts') appendFileSync(`${app}/${file}`, `${text}\n`)
    if (language === 'text') expect(output).toMatch(asPrinted(text))
    if (language !== 'sh') continue
    expect(text.trim().endsWith(`node ${file}`), `${text} runs ${file}`).toBe(true)
    output = await runToItsEnd(text)
  }
  return output
}

async function runToItsEnd(line: string, env?: Readonly<Record<string, string>>): Promise<string> {
  const { stdout, stderr, failed } = await run(line, env)
  expect({ stderr, failed }).toEqual({ stderr: '', failed: false })
  return stdout
}

describe('the quickstart, step by step as it is printed', () => {
  const blocks = readBlocks('docs/quickstart.md', 'Where to go from here')
  const [toTry, toOwn, toPay, toName] = [1, 4, 7, 11]
  const again = blocks[toPay + 2]?.text ?? ''

  test('starts in an empty folder with the package and nothing else', () => {
    expect(blocks[0]?.text).toBe('npm install stipend\n')
    const languages = blocks.map(({ language }) => language).join(' ')
    expect(languages).toBe('sh ts sh text ts sh text ts ts sh text ts')
  })

  test('shows a payment and a refusal without a key or money', async () => {
    expect(await follow(blocks.slice(toTry, toOwn), 'try.mjs')).toContain('200')
  })

  test('makes a key, buys with what is sent to its address, and buys once what has a name', async () => {
    const said = await follow(blocks.slice(toOwn, toPay), 'agent.mjs')
    const payer = /^eip155 (0x\w{40})$/m.exec(said)?.[1] as `0x${string}`
    await chain.mint(payer, 10n * price) // As the faucet does.

    const paid = await follow(blocks.slice(toPay, toName), 'agent.mjs')
    const [first, ...more] = await chain.transfersFrom(payer)
    expect(first).toMatchObject({ to: server.payTo, value: price })
    expect(more).toEqual([])
    expect(paid).toContain(`eip155 ${payer}\n`)
    expect(paid).toContain(`200 claimed ${first?.transaction}\n`)

    await follow(blocks.slice(toName), 'agent.mjs')
    await runToItsEnd(again)
    expect(await chain.transfersFrom(payer)).toHaveLength(3)
    const { stderr, failed } = await run(again)
    expect(failed).toBe(true)
    expect(stderr).toContain("code: 'already_paid'") // This server says no to what it has taken.
    expect(await chain.balanceOf(payer)).toBe(6n * price)
  })
})

describe('the README', () => {
  test('begins with a program that pays as it is printed', async () => {
    const [example] = readBlocks('README.md', 'Start')
    const { address, privateKey } = await chain.createPayer(price)
    writeFileSync(`${app}/example.mjs`, example?.text ?? '')
    await runToItsEnd('node example.mjs', { AGENT_KEY: privateKey })
    expect(await chain.transfersFrom(address)).toMatchObject([{ to: server.payTo, value: price }])
  })
})
