import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a command was answered. */
export type Answer = {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any
}

/** One call, as a person would type it. */
export type Command = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: unknown
}

/** Writes a call as a curl command for a POSIX shell. */
export function writeCommand({ method, url, headers = {}, body }: Command): string {
  const options = Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`)
  const data = body === undefined ? [] : [`-d ${quote(JSON.stringify(body))}`]
  return [`curl -X ${method} ${url}`, ...options, ...data].join(' \\\n  ')
}

/** Runs a curl command in a shell, to the letter; where there is no curl, the same call is made with fetch. */
export async function runCommand(command: Command): Promise<Answer> {
  const text = `${writeCommand(command)} --silent --show-error --max-time 20 --write-out '\n%{http_code}'`
  const said = await run('sh', ['-c', text]).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (!said) return callWithFetch(command)
  const [body = '', status] = said.stdout.split(/\n(?=\d{3}$)/)
  return { status: Number(status), json: JSON.parse(body) }
}

async function callWithFetch({ method, url, headers = {}, body }: Command): Promise<Answer> {
  const content = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(url, { method, headers, ...content })
  return { status: response.status, json: await response.json() }
}

/** A shell ends with 127 when there is no such command. */
function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 127
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
