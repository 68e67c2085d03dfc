import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { x402Facilitator } from '@x402/core/facilitator'
import type {
  FacilitatorExtension,
  PaymentPayload,
  PaymentRequirements,
  SettleResponse,
  VerifyResponse,
} from '@x402/core/types'
import { toFacilitatorEvmSigner } from '@x402/evm'
import { registerExactEvmScheme } from '@x402/evm/exact/facilitator'
import { UptoEvmScheme } from '@x402/evm/upto/facilitator'
import { type Address, createWalletClient, http, publicActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { KeyPair, TestChain } from './chain.ts'
import { readAll, serve } from './http.ts'
import { createSerial } from './serial.ts'

/** The official facilitator, in this process, and its HTTP face for v2 and v1 servers. */
export type Facilitator = {
  readonly url: string
  /** Pays for the transactions; its own, because a key shared by two facilitators gets its numbers mixed up. */
  readonly address: Address
  readonly verify: (payload: PaymentPayload, requirements: PaymentRequirements) => Promise<VerifyResponse>
  readonly settle: (payload: PaymentPayload, requirements: PaymentRequirements) => Promise<SettleResponse>
  readonly close: () => Promise<void>
}

type FacilitatorOptions = {
  /** Whose deployments of accounts it pays for. @default nobody's */
  readonly factories?: readonly Address[] | undefined
  /** What it pays for besides settling. @default nothing */
  readonly extensions?: readonly FacilitatorExtension[] | undefined
}

/** Starts a facilitator that verifies and settles on a chain. */
export async function startFacilitator(
  chain: TestChain,
  { factories = [], extensions = [] }: FacilitatorOptions = {},
): Promise<Facilitator> {
  const account = await chain.createSender()
  const official = new x402Facilitator()
  const [signer, network] = [createSigner(chain, account), `eip155:${chain.chain.id}`] as const
  registerExactEvmScheme(official, { signer, networks: network, eip6492AllowedFactories: [...factories] })
  official.register(network, new UptoEvmScheme(signer))
  for (const extension of extensions) official.registerExtension(extension)
  const { url, close } = await serve(createServer((request, response) => void answer(official, request, response)))
  return {
    url,
    address: account.address,
    verify: (payload, requirements) => official.verify(payload, requirements),
    settle: (payload, requirements) => official.settle(payload, requirements),
    close,
  }
}

function createSigner(chain: TestChain, { privateKey, address }: KeyPair): ReturnType<typeof toFacilitatorEvmSigner> {
  const client = createWalletClient({
    account: privateKeyToAccount(privateKey),
    chain: chain.chain,
    transport: http(),
    pollingInterval: 20,
  }).extend(publicActions)
  const inTurn = createSerial()
  return toFacilitatorEvmSigner({
    address,
    getCode: (call) => client.getCode(call),
    readContract: (call) => client.readContract(call),
    verifyTypedData: (call) => client.verifyTypedData(call as Parameters<typeof client.verifyTypedData>[0]),
    writeContract: (call) => inTurn(() => client.writeContract(call)),
    sendTransaction: (call) => inTurn(() => client.sendTransaction(call)),
    waitForTransactionReceipt: (call) => client.waitForTransactionReceipt(call),
  })
}

async function answer(official: x402Facilitator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [status, body] = await handle(official, request).catch(
    (error: unknown) => [500, { error: String(error) }] as const,
  )
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function handle(official: x402Facilitator, request: IncomingMessage): Promise<readonly [number, unknown]> {
  const route = `${request.method} ${request.url}`
  if (route === 'GET /supported') return [200, official.getSupported()]
  if (route !== 'POST /verify' && route !== 'POST /settle') return [404, { error: `no ${route} here` }]
  const { paymentPayload, paymentRequirements } = JSON.parse((await readAll(request)).toString()) as {
    readonly paymentPayload: PaymentPayload
    readonly paymentRequirements: PaymentRequirements
  }
  if (route === 'POST /verify') return [200, await official.verify(paymentPayload, paymentRequirements)]
  return [200, await official.settle(paymentPayload, paymentRequirements)]
}
