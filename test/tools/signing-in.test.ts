import { signInWithX } from 'stipend/sign-in'
import { describe, expect, test } from 'vitest'
import { type AgentWallet, allowHosts, memoryLedger, type Session } from '../../src/index.js'
import { paymentTools, type ToolCall } from '../../src/tools/index.js'
import { openLightning } from '../support/lightning-shop.ts'
import { createSignInServer, type SignInServerOptions } from '../support/sign-in-server.ts'
import { createTestWallet } from '../support/wallets.ts'

const host = 'api.example.com'
const url = `https://${host}/report`
const callOf = (id: string): ToolCall => ({ key: `chat-${id}`, conversation: 'chat' })

/** A server that opens what was paid for to whoever signs in, and a wallet that does. */
function openSigningIn(of: (wallet: AgentWallet) => AgentWallet | Session, options: SignInServerOptions = {}) {
  const server = createSignInServer(options)
  const wallet = createTestWallet({
    policy: [allowHosts([host])],
    fetch: async (...request) => server(new Request(...request)),
    signIn: signInWithX({ hosts: [host] }),
  })
  return { server, ...paymentTools(of(wallet)) }
}

describe('what a call of a tool has paid for', () => {
  test.each<[string, (wallet: AgentWallet) => AgentWallet | Session]>([
    ['a wallet', (wallet) => wallet],
    ['a session', (wallet) => wallet.session({})],
  ])('is shown by the next call of %s, over Lightning, instead of being paid again', async (_, of) => {
    const { wallet, lightning, server } = openLightning({
      wallet: { policy: [allowHosts([host])], ledger: { ...memoryLedger(), durable: true } },
    })
    const { pay_fetch } = paymentTools(of(wallet))
    expect(await pay_fetch.execute({ url }, callOf('1'))).toMatchObject({ status: 'ok', httpStatus: 200 })
    expect(await pay_fetch.execute({ url }, callOf('2'))).toMatchObject({ status: 'ok', httpStatus: 200 })
    expect([lightning.asked.length, server.sold()]).toEqual([1, 2])
  })

  test.each<[string, (wallet: AgentWallet) => AgentWallet | Session, number]>([
    ['a wallet', (wallet) => wallet, 1],
    ['a session that may sign in', (wallet) => wallet.session({ signIn: true }), 1],
    ['a session that may not', (wallet) => wallet.session({}), 0],
  ])('is opened by signing in where it is of %s', async (_, of, proofs) => {
    const { server, pay_fetch } = openSigningIn(of)
    await pay_fetch.execute({ url }, callOf('1'))
    expect(await pay_fetch.execute({ url }, callOf('2'))).toMatchObject({ status: 'ok', httpStatus: 200 })
    expect([server.proofs.length, server.till.settled]).toEqual([proofs, 10_000n * BigInt(2 - proofs)])
  })

  test('is not told as a payment that nobody knows the outcome of, where its server is not there for a proof', async () => {
    const { pay_fetch } = openSigningIn((wallet) => wallet, { proofStatus: 503 })
    await pay_fetch.execute({ url }, callOf('1'))
    const result = await pay_fetch.execute({ url }, callOf('2'))
    expect(result).toMatchObject({ status: 'failed', code: 'http_error', httpStatus: 503 })
    expect(result.payment).toBeUndefined()
  })
})
