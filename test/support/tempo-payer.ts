import { mpp } from 'stipend/mpp'
import { chargeTempo } from 'stipend/tempo'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { evm, type Rpc } from '../../src/evm/index.js'
import { type AgentWalletOptions, allowHosts, createAgentWallet, type Payment } from '../../src/index.js'
import { privateKey } from '../../src/keys/index.js'
import type { TempoNode } from './tempo.ts'
import { createTempoServer, type TempoServerOptions } from './tempo-server.ts'

/** Where the server of such a payer is. */
export const url = 'http://127.0.0.1:8402/report'

type PayerOptions = Partial<AgentWalletOptions> & { readonly clients?: readonly Rpc[] }

/** A wallet with a dollar, that pays a server which leaves it to a test what becomes of a transfer. */
export async function openTempoPayer(
  node: TempoNode,
  server: TempoServerOptions = {},
  { clients = [node], ...options }: PayerOptions = {},
) {
  const { clock } = node
  const key = generatePrivateKey()
  await node.fund(privateKeyToAddress(key), 1_000_000n)
  const shop = createTempoServer({ clock, ...server })
  const chain = evm({ network: 'eip155:42431', clients })
  const open = () =>
    createAgentWallet({
      keyStore: privateKey(key),
      policy: [allowHosts(['http://127.0.0.1:*'])],
      protocols: [mpp({ clock })],
      schemes: [chargeTempo({ maxFeeMicroUsd: 30_000n })],
      chains: [chain],
      clock,
      fetch: async (...request) => shop(new Request(...request)),
      ...options,
    })
  const wallet = open()
  /** Pays once, and answers what was signed. */
  const buy = async (path = '') => {
    await wallet.fetch(`${url}${path}`, { payment: { repeatable: true } })
    const [payment] = (await wallet.payments.list()).filter(({ status }) => status === 'claimed').toSorted(latestFirst)
    if (!payment) throw new Error('nothing was paid')
    return { payment, transfer: shop.signed.at(-1) ?? '0x' }
  }
  return { wallet, restart: open, shop, chain, buy, key, payer: privateKeyToAddress(key) }
}

const latestFirst = (one: Payment, other: Payment): number => other.createdAt - one.createdAt
