import { sha256 } from '@noble/hashes/sha2'
import { utf8ToBytes } from '@noble/hashes/utils'
import { encodeBytes } from '../../lib/base64.js'
import { decode32, encodeAddress, programs } from '../../solana/address.js'
import { pinnedAssets } from '../../assets/pinned.js'
import type { Asset } from '../../types.js'

const devnet = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'
const genesis = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG'
const slotMs = 400

/** Creates a node of Solana devnet that names new blocks as time passes, and knows an account for whoever is paid in USDC. */
export function solanaNode(clock: () => number): typeof globalThis.fetch {
  const slot = (): number => Math.floor(clock() / slotMs)
  const methods: Readonly<Record<string, (params: readonly unknown[]) => unknown>> = {
    getGenesisHash: () => genesis,
    getEpochInfo: () => ({ absoluteSlot: slot(), blockHeight: slot() }),
    getLatestBlockhash: () => {
      const blockhash = encodeAddress(sha256(utf8ToBytes(`block ${slot()}`)))
      return { context: { slot: slot() }, value: { blockhash, lastValidBlockHeight: slot() + 150 } }
    },
    getAccountInfo: ([address]) => ({ context: { slot: slot() }, value: mintOf(address) }),
    simulateTransaction: () => ({ context: { slot: slot() }, value: { err: null, logs: [], unitsConsumed: 20_000 } }),
    getMultipleAccounts: ([addresses]) => ({ context: { slot: slot() }, value: accountsOf(addresses) }),
  }
  return async (input, init) => {
    const { id, method, params } = (await new Request(input, init).json()) as Call
    const answer = methods[method]
    const outcome = answer ? { result: answer(params ?? []) } : { error: { code: -32_601, message: 'no such method' } }
    return Response.json({ jsonrpc: '2.0', id, ...outcome })
  }
}

type Call = { readonly id: unknown; readonly method: string; readonly params?: readonly unknown[] }

/** The token that is paid in; there is no other. */
function mintOf(address: unknown): unknown {
  const { address: mint, decimals } = usdc() ?? {}
  if (address !== mint || decimals === undefined) return null
  const data = new Uint8Array(82)
  data.set([decimals, 1], 44)
  const held = { executable: false, lamports: 1_461_600, rentEpoch: 0, space: data.length }
  return { ...held, owner: programs['spl-token'], data: [encodeBytes(data), 'base64'] }
}

/** A payee, which is a wallet, and its account of the token. */
function accountsOf(addresses: unknown): readonly unknown[] {
  const [payee] = Array.isArray(addresses) ? addresses : []
  const data = new Uint8Array(165)
  data.set(decode32(String(usdc()?.address)) ?? [], 0)
  data.set(decode32(String(payee)) ?? [], 32)
  data[108] = 1
  const wallet = { owner: programs.system, executable: false, data: ['', 'base64'] }
  return [wallet, { owner: programs['spl-token'], executable: false, data: [encodeBytes(data), 'base64'] }]
}

function usdc(): Asset | undefined {
  return pinnedAssets().find(({ network, symbol }) => network === devnet && symbol === 'USDC')
}
