import { evm, type EvmOptions, type Rpc } from '../../src/evm/index.js'
import type { Payment } from '../../src/index.js'
import {
  type Address,
  createTestClient,
  createWalletClient,
  type Hex,
  http,
  parseSignature,
  publicActions,
  type TestClient,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { type KeyPair, startChain, type TestChain, testUsdAbi } from '../../examples/support/chain.ts'
import { createPayment } from './payments.ts'

/** Blocks until anvil's `finalized` reaches the block that is the latest now: two epochs of 32. */
const finality = 64

/** What is changed of a payment before it is signed for the chain. */
export type Signed = Partial<Pick<Payment, 'amount' | 'payTo'>>

/** A chain, a payer on it, and the ways to move both. */
export type Scene = {
  readonly chain: TestChain
  readonly admin: TestClient
  readonly payer: KeyPair
  readonly createPayment: (different?: Partial<Payment>) => Promise<Payment>
  /** Executes a payment, or what its key signed with the same nonce for something else. */
  readonly execute: (payment: Payment, signed?: Signed, by?: KeyPair) => Promise<Hex>
  readonly cancel: (payment: Payment) => Promise<Hex>
  readonly sender: (account: KeyPair) => ReturnType<typeof createSender>
  /** Mines a block of a time in Unix seconds. */
  readonly mineAt: (timestamp: number) => Promise<void>
  /** Makes the latest block final, and no later one. */
  readonly finalize: () => Promise<void>
  readonly examine: (payment: Payment, options?: Partial<EvmOptions>) => ReturnType<ReturnType<typeof evm>['examine']>
}

/** Starts a chain with a payer on it. */
export async function startScene(): Promise<Scene> {
  const chain = await startChain()
  const admin = createTestClient({ chain: chain.chain, mode: 'anvil', transport: http() })
  const payer = await chain.createPayer(1_000_000n)
  const sender = createSender(chain, await chain.createSender())
  const mined = async (hash: Hex): Promise<Hex> => {
    await chain.publicClient.waitForTransactionReceipt({ hash })
    return hash
  }
  return {
    chain,
    admin,
    payer,
    createPayment: (different) => createOwn(chain, payer, different),
    execute: async (payment, signed = {}, by = payer) =>
      mined(await sendTransfer(sender, by, { ...payment, ...signed })),
    cancel: async (payment) => mined(await sendCancellation(sender, payer, payment)),
    sender: (account) => createSender(chain, account),
    mineAt: async (timestamp) => {
      await admin.setNextBlockTimestamp({ timestamp: BigInt(timestamp) })
      await admin.mine({ blocks: 1 })
    },
    finalize: () => admin.mine({ blocks: finality }),
    examine: (payment, options = {}) =>
      evm({ network: 'eip155:84532', clients: [chain.publicClient], ...options }).examine(payment),
  }
}

/** A node that answers one method in its own way, and the others as the chain does. */
export function lying(node: Rpc, method: string, answer: (truth: unknown, params: unknown) => unknown): Rpc {
  return {
    request: async (call) => {
      const truth = await node.request(call)
      return call.method === method ? answer(truth, call.params) : truth
    },
  }
}

function createSender(chain: TestChain, { privateKey }: KeyPair) {
  const account = privateKeyToAccount(privateKey)
  return createWalletClient({ account, chain: chain.chain, transport: http() }).extend(publicActions)
}

async function createOwn(chain: TestChain, payer: KeyPair, different: Partial<Payment> = {}): Promise<Payment> {
  const { timestamp } = await chain.publicClient.getBlock()
  const createdAt = Number(timestamp) * 1000
  const nonce = generatePrivateKey()
  const terms = { payer: payer.address, nonce, validAfter: 0, validBefore: Number(timestamp) + 120 }
  return createPayment({ id: `pay_${nonce.slice(2, 34)}`, purchaseKey: nonce, createdAt, terms, ...different })
}

type Sender = ReturnType<typeof createSender>

async function sendTransfer(sender: Sender, payer: KeyPair, payment: Payment): Promise<Hex> {
  const { amount, asset, terms } = payment
  const [to, validAfter, validBefore] = [payment.payTo as Address, BigInt(terms.validAfter), BigInt(terms.validBefore)]
  const signature = await privateKeyToAccount(payer.privateKey).signTypedData({
    domain: { name: 'USDC', version: '2', chainId: sender.chain.id, verifyingContract: asset.address as Address },
    types: {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'TransferWithAuthorization',
    message: { from: payer.address, to, value: amount, validAfter, validBefore, nonce: terms.nonce },
  })
  return sender.writeContract({
    address: asset.address as Address,
    abi: testUsdAbi,
    functionName: 'transferWithAuthorization',
    args: [payer.address, to, amount, validAfter, validBefore, terms.nonce, signature],
  })
}

async function sendCancellation(sender: Sender, payer: KeyPair, { asset, terms }: Payment): Promise<Hex> {
  const signature = await privateKeyToAccount(payer.privateKey).signTypedData({
    domain: { name: 'USDC', version: '2', chainId: sender.chain.id, verifyingContract: asset.address as Address },
    types: {
      CancelAuthorization: [
        { name: 'authorizer', type: 'address' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'CancelAuthorization',
    message: { authorizer: payer.address, nonce: terms.nonce },
  })
  const { r, s, yParity } = parseSignature(signature)
  return sender.writeContract({
    address: asset.address as Address,
    abi: testUsdAbi,
    functionName: 'cancelAuthorization',
    args: [payer.address, terms.nonce, 27 + yParity, r, s],
  })
}
