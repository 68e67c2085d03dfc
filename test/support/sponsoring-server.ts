import { afterEach } from 'vitest'
import { evm, type EvmOptions } from '../../src/evm/index.js'
import { type Listening, listen } from './listen.ts'
import { encode, payee } from './offers.ts'

const servers: Listening[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

export const network = 'eip155:84532'
export const asset = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
export const offer = {
  scheme: 'exact',
  network,
  amount: '10000',
  asset,
  payTo: payee,
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2', assetTransferMethod: 'permit2' },
}
/** What a server declares that pays for the gas of approvals. */
export const approving = {
  erc20ApprovalGasSponsoring: { info: { description: 'gas is paid', version: '1' }, schema: {} },
}
/** What a server declares that pays for the gas of permits. */
export const declared = { eip2612GasSponsoring: { info: { description: 'gas is paid', version: '1' }, schema: {} } }

type Paid = {
  readonly extensions?: Readonly<Record<string, { readonly info?: unknown }>>
}

/** A server that pays for the gas of permits, and answers every payment with an error, or not before it is to. */
export async function serve(
  extensions: unknown = declared,
  { until }: { readonly until?: Promise<unknown> } = {},
): Promise<{ readonly url: string; readonly paid: Paid[] }> {
  const paid: Paid[] = []
  const server = await listen(async (request) => {
    const header = request.headers.get('payment-signature')
    if (header) {
      paid.push(JSON.parse(Buffer.from(header, 'base64').toString()))
      await until
      return new Response('out of order', { status: 500 })
    }
    const message = { x402Version: 2, resource: { url: request.url }, accepts: [offer], extensions }
    return new Response('{}', { status: 402, headers: { 'payment-required': encode(message) } })
  })
  servers.push(server)
  return { url: server.url, paid }
}

/** A chain whose node says so of the payer; a word that is missing is no answer. */
export function chainOf(
  words: { readonly allowance?: bigint; readonly nonce?: bigint | Error | '0x'; readonly count?: bigint },
  options: Partial<EvmOptions> = {},
) {
  const request = async ({
    method,
    params,
  }: {
    readonly method: string
    readonly params?: unknown
  }): Promise<unknown> => {
    const answers: Readonly<Record<string, bigint | Error | '0x' | undefined>> = {
      '0xdd62ed3e': words.allowance,
      '0x7ecebe00': words.nonce,
      '0x70a08231': 1_000_000n,
    }
    const gas: Readonly<Record<string, bigint | undefined>> = {
      eth_getBalance: 10n ** 18n,
      eth_getTransactionCount: words.count,
      eth_estimateGas: 50_000n,
      eth_gasPrice: 1_000_000_000n,
      eth_maxPriorityFeePerGas: 1_000_000n,
    }
    const { data } = Object(Object(params)[0])
    const word = method === 'eth_call' ? answers[String(data).slice(0, 10)] : gas[method]
    if (word === undefined) throw new Error('reverted')
    if (word instanceof Error) throw word
    if (word === '0x') return word
    if (method !== 'eth_call') return `0x${word.toString(16)}`
    return `0x${word.toString(16).padStart(64, '0')}`
  }
  return evm({ network, clients: [{ request }], ...options })
}
