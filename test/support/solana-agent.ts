import { createHmac, createPrivateKey, sign } from 'node:crypto'
import {
  type AgentWallet,
  type AgentWalletOptions,
  allowHosts,
  createAgentWallet,
  type KeyStore,
  type SolanaSigner,
  spendingLimit,
} from 'stipend'
import { type ExactSolanaOptions, exactSolana } from 'stipend/solana'
import { type SolanaKeyPair, solanaDevnet, type TestSolana } from './solana/index.ts'

/** A key store of one Solana key, which counts what it signs. */
export type SolanaStore = KeyStore & { readonly signed: readonly Uint8Array[] }

/** Creates a key store that signs messages with a key; `answer` changes what it answers. */
export function solanaStore(
  { address, bytes }: SolanaKeyPair,
  answer: (signature: Uint8Array) => unknown = (signature) => signature,
): SolanaStore {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  const key = createPrivateKey({ key: Buffer.concat([prefix, bytes.subarray(0, 32)]), format: 'der', type: 'pkcs8' })
  const signed: Uint8Array[] = []
  const signer: SolanaSigner = {
    namespace: 'solana',
    address,
    signMessage: async (message) => {
      signed.push(message)
      return answer(Uint8Array.from(sign(null, message, key))) as Uint8Array
    },
  }
  return {
    id: address,
    signed,
    getSigner: async (network) => (network.startsWith('solana:') ? signer : undefined),
    deriveSecret: async (purpose) => Uint8Array.from(createHmac('sha256', bytes).update(purpose).digest()),
  }
}

/** Creates the scheme for a chain of a test's own; its traffic has the tag `client`. */
export function schemeFor(chain: TestSolana, options: ExactSolanaOptions = {}): ReturnType<typeof exactSolana> {
  return exactSolana({ rpc: `${chain.url}/client`, network: solanaDevnet, ...options })
}

/** Creates the wallet of an agent that may buy from servers on loopback, and counts what its key signs. */
export function createSolanaAgent(
  chain: TestSolana,
  payer: SolanaKeyPair,
  options: Partial<AgentWalletOptions> = {},
): AgentWallet & { readonly signed: readonly Uint8Array[] } {
  const keyStore = solanaStore(payer)
  const wallet = createAgentWallet({
    keyStore,
    policy: [allowHosts(['http://127.0.0.1:*']), spendingLimit({ dailyLimitUsd: 1 })],
    schemes: [schemeFor(chain)],
    ...options,
  })
  return Object.assign(Object.create(null) as object, wallet, { signed: keyStore.signed })
}

/** Says how often the client's node was asked, and what. */
export function asked({ counts }: TestSolana): Readonly<Record<string, number>> {
  const ours = Object.entries(counts()).filter(([name]) => name.startsWith('client '))
  return Object.fromEntries(ours.map(([name, count]) => [name.slice('client '.length), count]))
}
