import { existsSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encryptedFile } from 'stipend/keys'
import { sqliteLedger } from 'stipend/sqlite'
import { createAgentWallet } from '../../src/index.js'
import { paidResource, type PaidResource, type PaidResourceOptions } from '../../src/testing/index.js'
import { serve } from '../../examples/support/http.ts'
import { listen } from '../support/listen.ts'
import {
  closers,
  setUpProgram,
  start,
  common,
  newLedger,
  folder,
  keyFile,
  password,
  run,
} from '../support/mcp-program.ts'

const key = `0x${'4c'.repeat(32)}`

/** Has a process resolve every name to this machine. */
const loopbackResolver = `
  import dns from 'node:dns'
  import { syncBuiltinESMExports } from 'node:module'
  const found = [{ address: '127.0.0.1', family: 4 }]
  dns.promises.lookup = async () => found
  dns.lookup = (_name, { all }, done) => (all ? done(null, found) : done(null, '127.0.0.1', 4))
  syncBuiltinESMExports()
`

async function sell(options: PaidResourceOptions = {}): Promise<{ readonly url: string; readonly till: PaidResource }> {
  const till = paidResource(options)
  const server = await listen(till)
  closers.push(server.close)
  return { url: `${server.url}/report`, till }
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'host', version: '1' } },
}

setUpProgram()

describe('the server over stdio', () => {
  test.each(['current', 'either', 'older'] as const)(
    'pays for a host of the %s line, within the limits of its variables',
    async (line) => {
      const { url, till } = await sell()
      const { call, said } = await start({ ...common, STIPEND_LEDGER: newLedger() }, line)
      expect(await call('pay_fetch', { url })).toMatchObject({ status: 'ok', payment: { amountUsd: '$0.01' } })
      expect(await call('pay_fetch', { url })).toMatchObject({ status: 'ok' })
      expect(await call('pay_fetch', { url })).toMatchObject({ status: 'denied', code: 'limit_exceeded' })
      expect(till.settled).toBe(20_000n)
      expect(said()).toContain('a dependency logs')
    },
  )

  test('remembers what was spent when its host starts it again', async () => {
    const { url, till } = await sell({ amount: 15_000n })
    const env = { ...common, STIPEND_LEDGER: newLedger() }
    expect(await (await start(env)).call('pay_fetch', { url })).toMatchObject({ status: 'ok' })
    const again = await start(env)
    expect(await again.call('pay_fetch', { url })).toMatchObject({ status: 'denied', code: 'limit_exceeded' })
    expect(await again.call('payments')).toMatchObject({ payments: [{ state: 'claimed', amountUsd: '$0.015' }] })
    expect(till.settled).toBe(15_000n)
  })

  test('reaches no host but those it may pay', async () => {
    const { call } = await start({ ...common, STIPEND_HOSTS: 'api.example.com', STIPEND_LEDGER: newLedger() })
    const { url, till } = await sell()
    expect(await call('pay_fetch', { url })).toMatchObject({ status: 'denied', code: 'host_denied' })
    expect(till.requests).toEqual([])
  })

  test('where no hosts are named, connects to no private address that a public name resolves to', async () => {
    let connections = 0
    const inside = createServer((socket) => {
      connections += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => inside.close(resolve)))
    const file = join(folder, 'anywhere.json')
    writeFileSync(file, JSON.stringify([{ type: 'allowAnyHost' }]))
    const resolver = join(folder, 'resolver.mjs')
    writeFileSync(resolver, loopbackResolver)
    const { STIPEND_HOSTS: _, ...rest } = common
    const env = { ...rest, STIPEND_POLICY: file, STIPEND_LEDGER: newLedger(), NODE_OPTIONS: `--import=${resolver}` }
    const { call } = await start(env)
    const { port } = inside.address() as AddressInfo
    for (const name of ['pay_fetch', 'quote']) {
      const answer = await call(name, { url: `https://vault.example.com:${port}/` })
      expect(answer).toMatchObject({ status: 'failed', code: 'request_unpayable' })
    }
    expect(connections).toBe(0)
  })

  test('searches the list of a facilitator, where one is named', async () => {
    const asked: string[] = []
    const facilitator = await serve(
      createHttpServer(({ url }, response) => {
        asked.push(String(url))
        response.setHeader('content-type', 'application/json').end('{"resources":[]}')
      }),
    )
    closers.push(facilitator.close)
    const { call } = await start({ ...common, STIPEND_FACILITATOR: facilitator.url, STIPEND_LEDGER: newLedger() })
    expect(await call('find_services', { query: 'weather' })).toMatchObject({ status: 'ok', services: [] })
    expect(asked).toEqual(['/discovery/search?type=http&limit=100&query=weather'])
  })

  test('adds the rules of a file to those of the variables', async () => {
    const { url, till } = await sell()
    const file = join(folder, 'policy.json')
    writeFileSync(file, JSON.stringify([{ type: 'maxPayments', count: 1, per: 'day' }]))
    const { call } = await start({ ...common, STIPEND_POLICY: file, STIPEND_LEDGER: newLedger() })
    expect(await call('pay_fetch', { url })).toMatchObject({ status: 'ok' })
    expect(await call('pay_fetch', { url })).toMatchObject({ status: 'denied', code: 'limit_exceeded' })
    expect(till.settled).toBe(10_000n)
  })

  test('pays from the session whose token it is given, and no more than that allows', async () => {
    const { url, till } = await sell()
    const file = newLedger()
    const ledger = sqliteLedger(file)
    const wallet = createAgentWallet({ keyStore: encryptedFile({ path: keyFile, password }), ledger })
    const token = await wallet.session({ maxPayments: 1 }).token()
    const { call, said } = await start({ ...common, STIPEND_SESSION: token, STIPEND_LEDGER: file })
    expect(await call('pay_fetch', { url })).toMatchObject({ status: 'ok' })
    expect(await call('pay_fetch', { url })).toMatchObject({ status: 'denied', code: 'limit_exceeded' })
    expect(till.settled).toBe(10_000n)
    expect(said()).not.toContain(token)
    ledger.close()
  })

  test('waits for the owner, is stopped, and goes on where it is started again', async () => {
    const { url, till } = await sell()
    const file = newLedger()
    const env = { ...common, STIPEND_INSTANT_USD: '0.001', STIPEND_LEDGER: file }
    const asking = await start(env)
    const waiting = await asking.call('pay_fetch', { url, key: 'report' })
    expect(waiting).toMatchObject({ status: 'waiting', code: 'approval_required' })
    await closers.pop()?.()

    const ledger = sqliteLedger(file)
    const owner = createAgentWallet({ keyStore: encryptedFile({ path: keyFile, password }), ledger })
    await owner.approvals.approve(Object(waiting['approval']).id)
    ledger.close()
    const { call } = await start(env)
    expect(await call('pay_fetch', { url, key: 'report' })).toMatchObject({ status: 'ok' })
    await call('pay_fetch', { url, key: 'report' })
    expect(till.settled).toBe(10_000n)
  })

  test('lets the person at the host approve, where the owner says so', async () => {
    const { url, till } = await sell()
    const env = { ...common, STIPEND_INSTANT_USD: '0.001', STIPEND_APPROVALS: 'host', STIPEND_LEDGER: newLedger() }
    const { call } = await start(env, 'current', true)
    expect(await call('pay_fetch', { url })).toMatchObject({ status: 'ok' })
    expect(till.settled).toBe(10_000n)
    const { STIPEND_APPROVALS: _approvals, ...without } = env
    const other = await start({ ...without, STIPEND_LEDGER: newLedger() }, 'current', true)
    expect(await other.call('pay_fetch', { url })).toMatchObject({ status: 'waiting' })
    expect(till.settled).toBe(10_000n)
  })

  test('says nothing on stdout but the protocol, and ends when its input does', async () => {
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
    const { code, output } = await run({ ...common, STIPEND_LEDGER: newLedger() }, [initialize, list])
    const messages = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(messages.map(({ jsonrpc, id }) => [jsonrpc, id])).toEqual([
      ['2.0', 1],
      ['2.0', 2],
    ])
    expect(code).toBe(0)
  })

  test('takes key, password and token out of its environment (K16)', async () => {
    const env = { STIPEND_KEY: key, STIPEND_HOSTS: 'api.example.com', STIPEND_LEDGER: newLedger() }
    const { errors, output } = await run(env, [initialize])
    expect(errors).toContain('left: STIPEND_HOSTS,STIPEND_LEDGER\n')
    expect(errors).toContain('stipend: STIPEND_KEY is in the environment of what started this')
    expect(errors + output).not.toContain('4c4c4c4c')
    const locked = await run({ ...common, STIPEND_SESSION: 'stipend_x', STIPEND_LEDGER: newLedger() })
    expect(locked.errors).toMatch(/left: [^\n]*/)
    expect(locked.errors).not.toMatch(/left: .*(PASSWORD|SESSION)/)
    expect(locked.errors).not.toContain(password)
  })
})

describe('a configuration that is not usable ends in one line on stderr and an exit code of 1', () => {
  const good = { STIPEND_KEY: key, STIPEND_HOSTS: 'api.example.com', STIPEND_LEDGER: join(folder, 'unused.db') }

  const without = (name: keyof typeof good): Record<string, string> =>
    Object.fromEntries(Object.entries(good).filter(([other]) => other !== name))

  test.each<[string, Record<string, string>, RegExp]>([
    ['without a key', without('STIPEND_KEY'), /STIPEND_KEY_FILE is missing/],
    ['with two keys', { ...good, STIPEND_KEY_FILE: keyFile, STIPEND_PASSWORD: password }, /STIPEND_KEY is there twice/],
    ['with a key that is none', { ...good, STIPEND_KEY: '4c4c4c4c' }, /key/],
    [
      'with a key file and no password',
      { ...without('STIPEND_KEY'), STIPEND_KEY_FILE: keyFile },
      /STIPEND_PASSWORD is missing/,
    ],
    [
      'with the wrong password',
      { ...common, STIPEND_PASSWORD: 'wrong horse', STIPEND_LEDGER: join(folder, 'unused.db') },
      /locked/,
    ],
    ['without a ledger', without('STIPEND_LEDGER'), /STIPEND_LEDGER is missing/],
    ['with a ledger that forgets', { ...good, STIPEND_LEDGER: ':memory:' }, /STIPEND_LEDGER has to be a file/],
    ['without hosts and policy', without('STIPEND_HOSTS'), /STIPEND_HOSTS is missing/],
    ['with a host that is too wide', { ...good, STIPEND_HOSTS: 'api.example.com, *.com' }, /\*\.com/],
    [
      'with a policy that is not there',
      { ...good, STIPEND_POLICY: join(folder, 'none.json') },
      /STIPEND_POLICY cannot be read: there is no such file/,
    ],
    ['with a session that is empty', { ...good, STIPEND_SESSION: '' }, /STIPEND_SESSION is empty/],
    ['with an audience that is empty', { ...good, STIPEND_AUDIENCE: ' ' }, /STIPEND_AUDIENCE is empty/],
    ['with a limit that is empty', { ...good, STIPEND_DAILY_USD: '' }, /STIPEND_DAILY_USD is empty/],
    ['with an empty variable that nobody knows', { ...good, STIPEND_SESION: '' }, /STIPEND_SESION is not known/],
    ['with an audience and no session', { ...good, STIPEND_AUDIENCE: 'bot' }, /STIPEND_AUDIENCE is of a session/],
    [
      'with a session that the host has not filled in',
      { ...good, STIPEND_SESSION: '${user_config.session}' },
      /STIPEND_SESSION is not filled in/,
    ],
    ['with a home that no shell expands', { ...good, STIPEND_LEDGER: '~/agent.db' }, /STIPEND_LEDGER begins with ~/],
    [
      'with a key file in such a home',
      { ...common, STIPEND_KEY_FILE: '~/keys.json', STIPEND_LEDGER: join(folder, 'unused.db') },
      /STIPEND_KEY_FILE begins with ~/,
    ],
    ['with a policy in such a home', { ...good, STIPEND_POLICY: '~me/p.json' }, /STIPEND_POLICY begins with ~/],
    ['with a home in a variable', { ...good, STIPEND_LEDGER: '$HOME/agent.db' }, /STIPEND_LEDGER is not filled in/],
    [
      'with a ledger in a folder that is not there',
      { ...good, STIPEND_LEDGER: join(folder, 'none', 'agent.db') },
      /STIPEND_LEDGER lies in a folder that does not exist/,
    ],
    ['with a ledger that is a folder', { ...good, STIPEND_LEDGER: folder }, /STIPEND_LEDGER is a folder/],
    [
      'with a key file that is not there',
      { ...common, STIPEND_KEY_FILE: join(folder, 'no.json'), STIPEND_LEDGER: join(folder, 'unused.db') },
      /STIPEND_KEY_FILE names no file/,
    ],
    ['with a limit that is no amount', { ...good, STIPEND_DAILY_USD: '1e9' }, /dailyLimitUsd/],
    ['with a variable that nobody knows', { ...good, STIPEND_DALY_USD: '5' }, /STIPEND_DALY_USD is not known/],
    ['with another approver', { ...good, STIPEND_APPROVALS: 'model' }, /STIPEND_APPROVALS can only be host/],
    ['with a token that is none', { ...good, STIPEND_SESSION: 'stipend_secret' }, /Session token cannot be used/],
  ])('%s', async (_, env, said) => {
    const { code, output, errors } = await run(env)
    const lines = errors.split('\n').filter((line) => line.startsWith('stipend: '))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(said)
    expect(errors).not.toMatch(/4c4c4c4c|correct horse|wrong horse|stipend_secret|\n {4}at /)
    expect([code, output]).toEqual([1, ''])
  })

  test('and leaves no ledger behind where the rules are wrong', async () => {
    const file = newLedger()
    await run({ ...good, STIPEND_HOSTS: '*', STIPEND_LEDGER: file })
    expect(existsSync(file)).toBe(false)
  })
})
