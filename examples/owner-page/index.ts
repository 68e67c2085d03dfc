/**
 * The page on which an owner sees what agents spend and decides what they may. In a terminal it stays up, with two agents
 * that buy and ask; with its output piped, it does what the owner would and ends.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from 'stipend/http'
import { line, paint } from '../support/draw.ts'
import { play } from '../support/play.ts'
import { openTown, type Town } from './town.ts'

const password = 'my-secret-password'

/** One agent buys small things all the time, the other now and then something that needs the owner's word. */
async function live({ agents: { research, trading } }: Town): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    await trading.fetch(`https://prices.example/btc?turn=${turn}`).catch(() => {})
    if (turn % 3 === 0) await research.fetch(`https://api.weather.example/today?turn=${turn}`).catch(() => {})
    if (turn % 10 === 0) void buyReport(research, turn)
    await sleep(2000, undefined, { ref: false })
  }
}

async function buyReport({ fetch }: Town['agents']['research'], turn: number): Promise<void> {
  await fetch(`https://reports.example/market?issue=${turn}`, { payment: { labels: { task: `issue ${turn}` } } }).catch(
    () => {},
  )
}

/** Signs in as the page does: half of it is a cookie, the other a header. */
async function signIn(url: string): Promise<(request: string, body?: unknown) => Promise<Record<string, unknown>>> {
  const json = { 'content-type': 'application/json' }
  const signed = await fetch(`${url}/console/sign-in`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ password }),
  })
  const cookie = signed.headers.get('set-cookie')?.split(';')[0] ?? ''
  const { token } = (await signed.json()) as { readonly token: string }
  return async (request, body) => {
    const [method = '', path = ''] = request.split(' ')
    const headers = { ...json, cookie, 'x-stipend-console': token }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    return (await fetch(`${url}/console${path}`, { method, headers, ...content })).json() as never
  }
}

async function tell(): Promise<void> {
  const town = openTown(password)
  const { url, close } = await serve(town.handler, { port: 0 })
  try {
    const page = await fetch(`${url}/console`)
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/)
    console.log(line(['page', `${url}/console`]))
    const bought = town.agents.research.fetch('https://reports.example/market')
    const ask = await signIn(url)
    const waiting = await waitFor(ask)
    console.log(line(['waits', `${waiting.resource.host}: ${waiting.reason}`]))
    await ask(`POST /v1/approvals/${waiting.id}/approve`, {})
    assert.equal((await bought).status, 200)
    console.log(line(['approved', 'the agent has its report', 'good']))
  } finally {
    await close()
  }
}

type Waiting = { readonly id: string; readonly reason: string; readonly resource: { readonly host: string } }

async function waitFor(ask: Awaited<ReturnType<typeof signIn>>): Promise<Waiting> {
  for (;;) {
    const { approvals } = (await ask('GET /state')) as { readonly approvals: readonly Waiting[] }
    if (approvals[0]) return approvals[0]
    await sleep(20)
  }
}

async function stayUp(): Promise<void> {
  const town = openTown(password)
  const { url } = await serve(town.handler, { port: 3100 })
  console.log(line(['page', `${url}/console`]))
  console.log(line(['password', password]))
  console.log(paint('dim', '\n  Two agents buy. Stop it with Ctrl-C.'))
  await live(town)
}

if (process.stdout.isTTY || process.argv.includes('--serve')) await stayUp()
else play('the page of a wallet’s owner', tell, 'What waited was approved on the page, and the agent went on.')
