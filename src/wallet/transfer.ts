import { type OptionNames, refuseUnknown } from '../lib/known-options.js'
import { utf8ToBytes } from '@noble/hashes/utils'
import { chainHint } from '../assets/hints.js'
import type { AssetTable } from '../assets/table.js'
import type { Chain, Transfers } from '../ports/chain.js'
import { inTurn } from '../lib/in-turn.js'
import { within } from '../lib/deadline.js'
import { deadlines } from '../lib/deadlines.js'
import {
  AlreadyPaidError,
  ConfigurationError,
  InsufficientFundsError,
  isStipendError,
  PaymentOutcomeUnknownError,
} from '../errors.js'
import { parseUnits, parseUsd, type Usd } from '../money.js'
import type { PayContext } from '../pay/context.js'
import type { Payer } from '../pay/payer.js'
import { requestHash } from '../pay/request-hash.js'
import { findStanding } from '../pay/standing.js'
import { transferTo } from '../resource.js'
import type { Asset, Authorization, Labels, Network, Payment, PaymentRequired } from '../types.js'

/** What is moved, and to whom. */
export type TransferOptions = {
  /** An address; names such as `agent.eth` are not looked up. */
  readonly to: string
  /** Whole tokens as a decimal, such as `'1.50'`, or atomic units as a bigint. */
  readonly amount: string | bigint
  /** A symbol or an address of the table of assets. */
  readonly asset: string
  /** A CAIP-2 id, such as `eip155:8453`. */
  readonly network: Network
  /** Names the transfer: the same name is the same transfer, and is made once. */
  readonly key?: string | undefined
  readonly maxUsd?: Usd | undefined
  readonly labels?: Labels | undefined
}

const optionNames: OptionNames<TransferOptions> = {
  to: true,
  amount: true,
  asset: true,
  network: true,
  key: true,
  maxUsd: true,
  labels: true,
}

type TransferContext = PayContext & {
  readonly chains: readonly Chain[]
  /** What pays for transfers on the network of each chain. */
  readonly movers: ReadonlyMap<Network, Payer>
}

type Means = { readonly chain: Chain; readonly transfers: Transfers; readonly payer: Payer }

/**
 * Moves money of the owner's own accord, the way every payment goes: it is judged, recorded and signed, then sent. What
 * is sent again is the same transaction.
 */
export async function transfer(options: TransferOptions, context: TransferContext): Promise<Payment> {
  refuseUnknown('transfer', options, optionNames)
  const { network } = options
  const asset = findAsset(options, context.assets)
  const amount = typeof options.amount === 'bigint' ? options.amount : parseUnits(options.amount, asset)
  if (amount <= 0n) throw new ConfigurationError('Failed to read amount: there is nothing to transfer')
  const { chain, transfers, payer } = meansOf(network, context)
  // Two spellings of one payee are one transfer.
  const to = context.assets.spell(network, options.to)
  const resource = transferTo(network, to)
  const hash = requestHash(resource.method, resource.url, utf8ToBytes(`${asset.address} ${amount}`))
  // Each takes the next nonce of the account, as actions do.
  return inTurn(chain, async () => {
    const required = await prepare({ asset, amount, payTo: to }, transfers, context).catch((error: unknown) =>
      tellStanding(error, { options, hash, host: resource.host }, context),
    )
    const authorization = await payer.authorize(required, {
      resource,
      purchaseKey: options.key,
      sameRequest: options.key === undefined,
      requestHash: hash,
      labels: options.labels ?? {},
      maxMicroUsd: options.maxUsd === undefined ? undefined : parseUsd(options.maxUsd, 'maxUsd'),
    })
    return send(authorization, transfers, payer)
  })
}

function findAsset({ asset: named, network }: TransferOptions, assets: AssetTable): Asset {
  const found = assets.list().filter((one) => one.network === network && [one.symbol, one.address].includes(named))
  const [asset = assets.find(network, named)] = found
  if (asset && found.length <= 1) return asset
  throw new ConfigurationError(`Failed to transfer: ${named} on ${network} is not one asset of the table`, {
    details: ['Give its address, or add it to the assets of the wallet; a chain’s own coin needs a price.'],
  })
}

function meansOf(network: Network, { chains, movers }: TransferContext): Means {
  const chain = chains.find((one) => one.network === network)
  const transfers = chain?.transfers
  const payer = movers.get(network)
  if (chain && transfers && payer) return { chain, transfers, payer }
  throw new ConfigurationError(
    `Failed to transfer: the wallet has no chain of ${network} to send it through${chainHint(network)}`,
  )
}

/** Writes what is to be moved as an offer of our own making, so that it is judged like any other. */
async function prepare(
  { asset, amount, payTo }: { readonly asset: Asset; readonly amount: bigint; readonly payTo: string },
  transfers: Transfers,
  { keyStore, findShortage }: TransferContext,
): Promise<PaymentRequired> {
  const signer = await keyStore.getSigner(asset.network)
  if (!signer) throw new ConfigurationError(`Failed to transfer: the key store has no key for ${asset.network}`)
  const { scheme, extra } = await within(
    deadlines.transfer,
    transfers.prepare({ payer: signer.address, payTo, asset, amount }),
    'the chain did not answer in time',
  ).catch(async (cause: unknown) => {
    if (isStipendError(cause)) throw cause
    // A node that is asked what a transfer takes fails where there is too little to transfer.
    const shortage = await findShortage({ address: signer.address, asset, needed: amount })
    if (shortage) throw new InsufficientFundsError(shortage)
    throw new ConfigurationError('Failed to transfer: the chain did not say how; nothing was signed', { cause })
  })
  const claim = { index: 0, scheme, network: asset.network, asset: asset.address, amount, payTo, extra, raw: undefined }
  return { protocol: 'transfer', claims: [{ ...claim, maxTimeoutSeconds: 900 }], setAside: [], raw: {} }
}

type Named = { readonly options: TransferOptions; readonly hash: string; readonly host: string }

/** What stands of the same transfer is told first: the money that is missing may have left by it. */
async function tellStanding(
  error: unknown,
  { options: { key, network }, hash, host }: Named,
  context: TransferContext,
): Promise<never> {
  const signer = await context.keyStore.getSigner(network)
  const standing = signer && (await findStanding({ payer: signer.address, key, requestHash: hash, host }, context))
  if (!standing) throw error
  if (standing.status === 'claimed' || standing.status === 'confirmed') throw new AlreadyPaidError(standing)
  throw new PaymentOutcomeUnknownError(standing, { reason: 'it cannot be prepared anew', cause: error })
}

/** Sends a signed transfer, after its name is on record. */
async function send({ payment, payload }: Authorization, transfers: Transfers, payer: Payer): Promise<Payment> {
  const receipt = (transaction: string) =>
    ({ status: 'claimed', transaction, network: payment.asset.network, payer: payment.terms.payer }) as const
  const name = transfers.name(payload)
  if (name !== undefined) await payer.settle(payment, { status: 'unknown', receipt: receipt(name), note: 'being sent' })
  try {
    const transaction = await within(deadlines.transfer, transfers.send(payment, payload), 'no answer in time')
    return await payer.settle(payment, { status: 'claimed', receipt: receipt(transaction) })
  } catch (cause) {
    const unknown = await payer.settle(payment, { status: 'unknown', note: 'it could not be sent' })
    throw new PaymentOutcomeUnknownError(unknown, { reason: 'it could not be sent', cause })
  }
}
