import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeAll } from 'vitest'
import { encryptedFile } from 'stipend/keys'
import { temporaryFolder } from './folder.ts'
import { bundle } from './child.ts'

export const folder = temporaryFolder()
export const password = 'correct horse'
export const keyFile = join(folder, 'keys', 'keys.json')
export const common = {
  STIPEND_KEY_FILE: keyFile,
  STIPEND_PASSWORD: password,
  STIPEND_HOSTS: 'http://127.0.0.1:*',
  STIPEND_PER_PAYMENT_USD: '0.10',
  STIPEND_DAILY_USD: '0.025',
}
export const closers: (() => Promise<unknown>)[] = []
let program = ''
let ledgers = 0
export const newLedger = (): string => join(folder, `ledger-${(ledgers += 1)}.db`)
type Started = {
  readonly call: (name: string, args?: Record<string, unknown>) => Promise<Record<string, unknown>>
  readonly said: () => string
}

/** Builds the program for the tests of a file, and closes after each what it opened. */
export function setUpProgram(): void {
  beforeAll(async () => {
    program = await bundle('mcp-stdio')
    await encryptedFile({ path: keyFile, password, create: true }).unlock(password)
  })
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close()
  })
}

/** A host that speaks the newest line of the protocol, or asks first, which starts the program twice. */
type Line = 'current' | 'either' | 'older'

function createHost(line: Line, approves: boolean): Client {
  const capabilities = approves ? { elicitation: { form: {} } } : {}
  const mode = line === 'either' ? 'auto' : { pin: '2026-07-28' }
  const client = new Client({ name: 'host', version: '1' }, { capabilities, versionNegotiation: { mode } })
  if (approves) {
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { approve: true } }))
  }
  return client
}

/** Starts it as a host does. */
export async function start(env: Record<string, string>, line: Line = 'current', approves = false): Promise<Started> {
  const settings = { command: process.execPath, args: [program], env, stderr: 'pipe' as const }
  const [client, transport] =
    line === 'older'
      ? [new ClientV1({ name: 'host', version: '1' }), new StdioV1(settings)]
      : [createHost(line, approves), new StdioClientTransport(settings)]
  let said = ''
  transport.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await client.connect(transport as never)
  closers.push(() => client.close())
  return {
    said: () => said,
    call: async (name, args = {}) => {
      const { structuredContent } = await client.callTool({ name, arguments: args })
      return Object(structuredContent)
    },
  }
}

/** Runs it by hand: what it says on stdout and stderr, and how it ends once its input is closed. */
export async function run(env: Record<string, string>, lines: readonly object[] = []) {
  const child = spawn(process.execPath, [program], { env: { PATH: process.env['PATH'], ...env } })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    // Only then: what is asked when the input ends is not answered.
    if (output.split('\n').length > lines.length) child.stdin.end()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  for (const line of lines) child.stdin.write(`${JSON.stringify(line)}\n`)
  if (lines.length === 0) child.stdin.end()
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output, errors }
}
