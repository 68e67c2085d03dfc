import { x402ExactPermit2ProxyABI, x402UptoPermit2ProxyABI } from '@x402/evm'
import { type Address, encodeFunctionData, type Hex, parseAbi } from 'viem'
import type { Payment, Scheme } from '../../src/index.js'
import { exactEvm } from '../../src/index.js'
import type { EvmSigner } from '../../src/evm/signer.js'
import { privateKey } from '../../src/keys/index.js'
import { type KeyPair } from '../../examples/support/chain.ts'
import { compile } from '../../examples/support/compile.ts'
import { type Scene, startScene } from './evm-scene.ts'
import { allowanceAbi, type Permit2Chain, permit2Addresses, withPermit2 } from './permit2.ts'

/** Where a contract stands that a facilitator settles through. */
export const wrapper: Address = '0x00000000000000000000000000000000000c0de5'
const wrapperAbi = parseAbi(['function pass(address to, bytes data)'])

/** A chain with Permit2, a payer who has let it move a dollar, and a facilitator. */
export type Permit2Scene = Omit<Scene, 'chain'> & {
  readonly chain: Permit2Chain
  readonly facilitator: KeyPair
  readonly createPermit: (different?: Partial<Payment>) => Promise<Payment>
  /** Settles what a payer signed; through another contract, or for a part of it, where a test wants that. */
  readonly settle: (payment: Payment, how?: { readonly isWrapped?: boolean; readonly amount?: bigint }) => Promise<Hex>
  /** Makes a payment's nonce unusable, as its owner. */
  readonly invalidate: (payment: Payment) => Promise<Hex>
}

/** Starts a chain with Permit2 and a payer on it. */
export async function startPermit2Scene(schemes: readonly Scheme<EvmSigner>[] = [exactEvm()]): Promise<Permit2Scene> {
  const scene = await startScene()
  const chain = await withPermit2(scene.chain)
  const facilitator = await chain.createSender()
  const { Wrapper } = compile(new URL('Permit2Proxies.sol', import.meta.url))
  if (!Wrapper) throw new Error('the wrapper was not compiled')
  await chain.put(wrapper, Wrapper)
  await chain.approve(scene.payer, 1_000_000n)
  const sign = async (payment: Payment): Promise<Hex> => {
    const scheme = schemes.find(({ name }) => name === payment.scheme)
    const signer = await privateKey(scene.payer.privateKey).getSigner('eip155:84532')
    if (!scheme || signer?.namespace !== 'eip155') throw new Error('nobody signs it')
    return (await scheme.sign(payment, signer)) as Hex
  }
  return {
    ...scene,
    chain,
    facilitator,
    createPermit: async (different) => {
      const payment = await scene.createPayment(different)
      return { ...payment, terms: { ...payment.terms, method: 'permit2' } }
    },
    settle: async (payment, { isWrapped = false, amount } = {}) => {
      const { to, data } = callOf(payment, await sign(payment), amount)
      if (!isWrapped) return chain.sendFrom(facilitator, to, data)
      const passed = encodeFunctionData({ abi: wrapperAbi, functionName: 'pass', args: [to, data] })
      return chain.sendFrom(facilitator, wrapper, passed)
    },
    invalidate: async ({ terms }) => {
      const nonce = BigInt(terms.nonce)
      const args = [nonce >> 8n, 1n << (nonce & 255n)] as const
      const data = encodeFunctionData({ abi: allowanceAbi, functionName: 'invalidateUnorderedNonces', args })
      return chain.sendFrom(scene.payer, permit2Addresses.permit2, data)
    },
  }
}

function callOf(
  payment: Payment,
  signature: Hex,
  amount = payment.amount,
): { readonly to: Address; readonly data: Hex } {
  const { asset, terms } = payment
  const permitted = { token: asset.address as Address, amount: payment.amount }
  const permit = { permitted, nonce: BigInt(terms.nonce), deadline: BigInt(terms.validBefore - 1) }
  const owner = terms.payer as Address
  const witness = { to: payment.payTo as Address, validAfter: BigInt(terms.validAfter) }
  if (payment.scheme === 'exact') {
    const args = [permit, owner, witness, signature] as const
    return {
      to: permit2Addresses.exact,
      data: encodeFunctionData({ abi: x402ExactPermit2ProxyABI, functionName: 'settle', args }),
    }
  }
  const named = { ...witness, facilitator: terms.details?.['facilitator'] as Address }
  const args = [permit, amount, owner, named, signature] as const
  return {
    to: permit2Addresses.upto,
    data: encodeFunctionData({ abi: x402UptoPermit2ProxyABI, functionName: 'settle', args }),
  }
}
