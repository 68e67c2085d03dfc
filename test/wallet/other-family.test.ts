import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import {
  allowHosts,
  allowPayees,
  type AgentWallet,
  createAgentWallet,
  type Family,
  getPayment,
  isStipendError,
  memoryLedger,
  type Payment,
  type Rule,
  type Scheme,
  type Signer,
  spendingLimit,
} from '../../src/index.js'
import { encode, requiredV2 } from '../support/offers.ts'
import { listen, type Listening } from '../support/listen.ts'
import { rejection } from '../support/wallets.ts'

/** A made-up family of chains: accounts are names in either case, and a signature is a MAC over the payment. */
const network = 'tally:north'
const secret = 'a key of the made-up family'

type TallySigner = Signer & { readonly namespace: 'tally'; readonly sealText: (text: string) => Promise<string> }

const family: Family = {
  namespace: 'tally',
  isReference: (reference) => reference === 'north',
  parseAddress: (text) => (/^acct-[a-z]{3,16}$/i.test(text) ? text.toLowerCase() : undefined),
  foldAddress: (text) => text.toLowerCase(),
  addressPrefix: 'acct-',
  tokenNamespace: 'coin',
  transfer: 'tally-book',
}

const seal = (text: string): string => createHmac('sha256', secret).update(text).digest('hex')
const textOf = ({ amount, asset, payTo, terms }: Payment): string =>
  [terms.payer, payTo, asset.address, amount, terms.nonce, terms.validBefore].join(' ')

const scheme: Scheme<TallySigner> = {
  name: 'exact',
  namespace: 'tally',
  family,
  atMostOnce: true,
  refuse: ({ payTo }, payer) => (payTo === payer ? 'payTo is our own account' : undefined),
  terms: ({ maxTimeoutSeconds }, { payer, nonce, now }) => ({
    payer,
    nonce,
    validAfter: 0,
    validBefore: Math.floor(now / 1000) + maxTimeoutSeconds,
  }),
  sign: (payment, signer) => signer.sealText(textOf(payment)),
  check: (payment, signature) => (signature === seal(textOf(payment)) ? undefined : 'the seal is not of this payment'),
  payload: (payment, signature) => ({ text: textOf(payment), signature }),
  placeholder: '0'.repeat(64),
}

const coin = { network, address: 'acct-dollars', symbol: 'TALLY', decimals: 2 } as const
const servers: Listening[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** Sells to whoever sends a payment, and keeps what was sent. */
async function sell(payTo: string): Promise<{ readonly url: string; readonly sent: unknown[] }> {
  const sent: unknown[] = []
  const entry = {
    scheme: 'exact',
    network,
    asset: 'ACCT-DOLLARS',
    amount: '1',
    payTo,
    maxTimeoutSeconds: 60,
    extra: {},
  }
  const server = await listen((request) => {
    const header = request.headers.get('payment-signature')
    if (header === null)
      return new Response('', { status: 402, headers: { 'PAYMENT-REQUIRED': encode(requiredV2([entry])) } })
    sent.push(JSON.parse(Buffer.from(header, 'base64').toString()))
    return new Response('sold')
  })
  servers.push(server)
  return { url: server.url, sent }
}

function createTallyWallet(rules: readonly Rule[] = []): { readonly wallet: AgentWallet; readonly sealed: string[] } {
  const sealed: string[] = []
  const signer: TallySigner = {
    namespace: 'tally',
    address: 'acct-buyer',
    sealText: async (text) => {
      sealed.push(text)
      return seal(text)
    },
  }
  const wallet = createAgentWallet({
    keyStore: { id: 'tally', getSigner: async (asked) => (asked === network ? signer : undefined) },
    schemes: [scheme],
    assets: [coin],
    ledger: memoryLedger(),
    policy: [allowHosts(['http://127.0.0.1:*']), ...rules],
  })
  return { wallet, sealed }
}

describe('a wallet with a family of chains that the package does not know', () => {
  test('pays with its asset, its scheme and its signer, once', async () => {
    const { url, sent } = await sell('acct-Seller')
    const { wallet, sealed } = createTallyWallet()
    const response = await wallet.fetch(url)
    expect(await response.text()).toBe('sold')
    expect(sealed).toHaveLength(1)
    expect(sent).toMatchObject([{ payload: { text: sealed[0], signature: seal(sealed[0] ?? '') } }])
    expect(getPayment(response)).toMatchObject({ payTo: 'acct-seller', asset: coin, microUsd: 10_000n })
  })

  test('counts two spellings of one payee as one', async () => {
    const [first, second] = [await sell('acct-Seller'), await sell('acct-SELLER')]
    const { wallet, sealed } = createTallyWallet([spendingLimit({ dailyLimitUsd: 0.01, scope: 'payee' })])
    await wallet.fetch(first.url)
    expect(await rejection(wallet.fetch(second.url))).toMatchObject({ code: 'limit_exceeded' })
    expect(sealed).toHaveLength(1)
  })

  test('pays nobody but the payees that its owner allows', async () => {
    const { wallet, sealed } = createTallyWallet([allowPayees([`${network}:acct-seller`])])
    await wallet.fetch((await sell('acct-SELLER')).url)
    const refusal = await rejection(wallet.fetch((await sell('acct-stranger')).url))
    expect(isStipendError(refusal) && refusal.code).toBe('payment_denied')
    expect(sealed).toHaveLength(1)
  })

  test('signs nothing for a network that its family does not have', async () => {
    expect(() =>
      createAgentWallet({
        keyStore: { getSigner: async () => undefined },
        schemes: [scheme],
        assets: [{ ...coin, network: 'tally:south' }],
      }),
    ).toThrow('TALLY on tally:south is not usable')
  })
})
