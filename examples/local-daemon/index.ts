/**
 * A wallet runs as a daemon, and is used with curl: its owner sets the rules and hands out a session, an agent pays with
 * it, and is refused where the rules end. With `--serve` the daemon stays up at port 3100.
 */
import assert from 'node:assert/strict'
import { box, line, paint, type Row } from '../support/draw.ts'
import { type Market, openMarket } from '../support/market.ts'
import { play } from '../support/play.ts'
import { type Answer, type Command, runCommand, writeCommand } from './curl.ts'
import { type Daemon, startDaemon } from './daemon.ts'

const password = 'my-secret-password'
const wares = { prices: { price: '$0.001', goods: { btc: '97210.40', eth: '3411.02' } } } as const
type Scene = { readonly market: Market<keyof typeof wares>; readonly daemon: Daemon }

const json = { 'Content-Type': 'application/json' }
const asOwner = { ...json, 'X-Master-Password': password }

/** The rules of the owner, all in one step: this shop, up to a cent at once, and five cents a day. */
function setRules({ market, daemon }: Scene): Command {
  const policies = [
    { type: 'X402_ALLOWED_DOMAINS', rules: { domains: [market.shops.prices.url] } },
    { type: 'SPENDING_LIMIT', rules: { instant_max_usd: '0.01', daily_limit_usd: '0.05' } },
  ]
  return { method: 'PUT', url: `${daemon.url}/v1/policies`, headers: asOwner, body: { policies } }
}

function makeSession({ daemon }: Scene, walletId: string): Command {
  return { method: 'POST', url: `${daemon.url}/v1/sessions`, headers: asOwner, body: { walletId } }
}

function askPrices({ market, daemon }: Scene, token: string): Command {
  return {
    method: 'POST',
    url: `${daemon.url}/v1/x402/fetch`,
    headers: { ...json, Authorization: `Bearer ${token}` },
    body: {
      url: `${market.shops.prices.url}/paid`,
      method: 'POST',
      headers: json,
      body: { query: 'latest cryptocurrency prices' },
    },
  }
}

function allowOthers({ daemon }: Scene, walletId: string): Command {
  const rules = { domains: ['api.openai.com', '*.anthropic.com', 'premium-data.com'] }
  const body = { walletId, type: 'X402_ALLOWED_DOMAINS', rules }
  return { method: 'POST', url: `${daemon.url}/v1/policies`, headers: asOwner, body }
}

function read(path: string, { daemon }: Scene): Command {
  return { method: 'GET', url: `${daemon.url}${path}`, headers: { 'X-Master-Password': password } }
}

/** Runs the commands one after another, or throws where one does not do what it should. */
async function tell(scene: Scene): Promise<void> {
  const { json: wallet } = await say('The owner asks which wallet it is', read('/v1/wallet/address', scene))
  assert.match(wallet.walletId, /^[0-9a-f-]{36}$/)
  const { json: session } = await say('… and makes a session for an agent', makeSession(scene, wallet.walletId))
  assert.match(session.token, /^wai_sess_/)
  const early = await say('The agent is refused: there is no rule yet', askPrices(scene, session.token))
  assert.deepEqual([early.status, early.json.code], [403, 'payment_denied'])
  assert.equal((await say('The owner sets the rules', setRules(scene))).status, 200)
  await buy(scene, session.token)
  await narrow(scene, { walletId: wallet.walletId, token: session.token })
  await revoke(scene, session)
}

async function buy(scene: Scene, token: string): Promise<void> {
  const { shops, chain, agent } = scene.market
  const bought = await say('The agent buys', askPrices(scene, token))
  assert.equal(bought.status, 200)
  assert.deepEqual(JSON.parse(bought.json.body), wares.prices.goods)
  const [transfer, ...others] = await chain.transfersFrom(agent.address)
  assert(transfer && others.length === 0, 'there is exactly one transfer on the chain')
  assert.equal(bought.json.payment.receipt.transaction, transfer.transaction)
  assert.equal(await chain.balanceOf(shops.prices.payTo), 1000n, 'exactly the price has moved')
  const { json } = await say('The owner looks what is left', read('/v1/wallet/balance', scene))
  assert.equal(json.balances.find(({ symbol }: { symbol: string }) => symbol === 'USDC').amount, '4999000')
}

async function narrow(scene: Scene, { walletId, token }: { walletId: string; token: string }): Promise<void> {
  const added = await say('The owner allows other hosts', allowOthers(scene, walletId))
  assert.equal(added.status, 201)
  const refused = await say('The agent is refused: all rules have to agree', askPrices(scene, token))
  assert.deepEqual([refused.status, refused.json.code, refused.json.moved], [403, 'payment_denied', 'no'])
  const url = `${scene.daemon.url}/v1/policies/${added.json.id}`
  const left = await say('The owner takes that rule away', { method: 'DELETE', url, headers: asOwner })
  assert.equal(left.json.policies.length, 2)
}

async function revoke(scene: Scene, { id, token }: { id: string; token: string }): Promise<void> {
  const { shops, chain } = scene.market
  const url = `${scene.daemon.url}/v1/sessions/${id}`
  assert.equal((await say('… and the session', { method: 'DELETE', url, headers: asOwner })).json.revoked, true)
  const refused = await say('The agent is refused: its session is revoked', askPrices(scene, token))
  assert.deepEqual([refused.status, refused.json.code], [401, 'session_revoked'])
  assert.equal(shops.prices.sales(), 1)
  assert.equal(await chain.balanceOf(shops.prices.payTo), 1000n)
}

async function say(title: string, command: Command): Promise<Answer> {
  const answer = await runCommand(command)
  const { status, json: said } = answer
  const hides = (text: string): string => text.replace(/(wai_sess_.{8})[\w.-]+/g, '$1…')
  const rows: Row[] = [
    ...writeCommand(command)
      .split(' \\\n')
      .map((text, index): Row => [index === 0 ? '$' : '', hides(text.trim())]),
    ['answer', `${status} ${hides(said.title ?? JSON.stringify(said).slice(0, 240))}`, status < 300 ? 'good' : 'bad'],
    ...(said.detail ? [['', said.detail.split('\n')[0], 'dim'] as Row] : []),
  ]
  console.log(`\n${box(title, rows)}`)
  return answer
}

async function withScene(port: number, work: (scene: Scene) => Promise<void>): Promise<void> {
  const market = await openMarket(wares)
  try {
    const daemon = await startDaemon(market, { port, password })
    console.log(line(['daemon', daemon.url]))
    try {
      await work({ market, daemon })
    } finally {
      await daemon.close()
    }
  } finally {
    await market.close()
  }
}

/** Keeps the daemon up, with its rules set, until it is interrupted. */
async function stayUp(scene: Scene): Promise<void> {
  await runCommand(setRules(scene))
  const { walletId } = (await runCommand(read('/v1/wallet/address', scene))).json
  const commands = [makeSession(scene, walletId), askPrices(scene, '<token>'), allowOthers(scene, walletId)]
  console.log(`\n${commands.map(writeCommand).join('\n\n')}\n\n${paint('dim', 'Stop it with Ctrl-C.')}`)
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve))
}

if (process.argv.includes('--serve')) await withScene(3100, stayUp)
else
  play(
    'a wallet runs as a daemon, and is used with curl',
    () => withScene(0, tell),
    'Every command was run as shown, and one payment was made: at the shop, in the ledger and on the chain.',
  )
