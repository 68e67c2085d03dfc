import { PublicKey } from '@solana/web3.js'
import { base64 } from '@scure/base'
import { payeeOf, payees } from './solana-parties.ts'
import type { Landed, SolanaState } from './solana-chain.ts'
import { blockhashOf } from './solana-message.ts'

const genesis = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG'
const life = 150
const systemProgram = '11111111111111111111111111111111'
const tokenProgram = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'

type Method = (params: readonly unknown[], state: SolanaState) => unknown
type Config = { readonly commitment?: string; readonly before?: string; readonly limit?: number }

const methods: Readonly<Record<string, Method>> = {
  getGenesisHash: () => genesis,
  getFirstAvailableBlock: () => 0,
  getLatestBlockhash: (_params, { head }) => ({
    context: { slot: head - 1 },
    value: { blockhash: blockhashOf(head - 1), lastValidBlockHeight: head - 1 + life },
  }),
  getEpochInfo: ([config], { head, final }) => {
    const slot = (config as Config).commitment === 'finalized' ? final : head - 1
    return { absoluteSlot: slot, blockHeight: slot }
  },
  getBlockTime: ([slot], { timeOf }) => timeOf(Number(slot)),
  isBlockhashValid: ([blockhash], { final, slotOf }) => {
    const slot = slotOf(String(blockhash))
    return { context: { slot: final }, value: slot !== undefined && slot <= final && final - slot <= life }
  },
  getMultipleAccounts: ([addresses]) => ({ value: (addresses as readonly string[]).map(accountOf) }),
  getSignaturesForAddress: ([account, config], { landed, final, timeOf }) => {
    const { before, limit = 1000 } = config as Config
    const all = landed
      .filter(({ slot, source, destination }) => slot <= final && [source, destination].includes(String(account)))
      .toReversed()
    const from = before === undefined ? 0 : all.findIndex(({ signature }) => signature === before) + 1
    return all.slice(from, from + limit).map(({ signature, slot, memo }) => ({
      signature,
      slot,
      memo: `[${memo.length}] ${memo}`,
      blockTime: timeOf(slot),
      err: null,
      confirmationStatus: 'finalized',
    }))
  },
  getTransaction: ([signature], { landed, final }) => {
    const found = landed.find((one) => one.signature === signature && one.slot <= final)
    return found ? describe(found) : null
  },
}

/** Answers like a node; its JSON is read by the code under test, so nothing here is shared with it. */
export function answer(method: string, params: readonly unknown[], state: SolanaState): unknown {
  const known = methods[method]
  if (!known) throw new TypeError(`nobody knows ${method}`)
  return known(params, state)
}

/** A payee's own account is the system's, and it has one for the token. */
function accountOf(address: string): unknown {
  const payee = payees.find(({ account }) => account === address)
  if (!payee) return { owner: systemProgram, executable: false, data: ['', 'base64'] }
  const data = new Uint8Array(165)
  data.set(new PublicKey(payee.mint).toBytes(), 0)
  data.set(new PublicKey(payee.address).toBytes(), 32)
  data[108] = 1
  return { owner: tokenProgram, executable: false, data: [base64.encode(data), 'base64'] }
}

const plenty = 1_000_000_000_000n

function describe({ slot, bytes, amount, mint, payer, destination }: Landed): unknown {
  const owner = payeeOf(destination)
  const balance = (accountIndex: number, owns: string, held: bigint) => ({
    accountIndex,
    mint,
    owner: owns,
    uiTokenAmount: { amount: held.toString() },
  })
  return {
    slot,
    meta: {
      err: null,
      preTokenBalances: [balance(2, payer, plenty), balance(3, owner, 0n)],
      postTokenBalances: [balance(2, payer, plenty - amount), balance(3, owner, amount)],
    },
    transaction: [bytes, 'base64'],
  }
}
