import { isOwnerAddress, isWalletAddress, programs, tokenAccountOf, tokenProgramOf } from './address.js'
import type { Hex, Network, Offer } from '../types.js'

const maxAmount = (1n << 64n) - 1n
const maxMemoBytes = 256

/** Says why an offer cannot be paid on Solana, or nothing when it can. */
export function refuseOffer(offer: Offer, payer: string, network: Network): string | undefined {
  return (
    refuseNetwork(offer, network) ??
    refuseToken(offer) ??
    refusePayee(offer, payer) ??
    refuseFeePayer(offer, payer) ??
    refuseMemo(offer)
  )
}

/** Says why a transfer of the owner's own accord cannot be made on Solana, or nothing when it can. */
export function refuseOwnTransfer(offer: Offer, payer: string, network: Network): string | undefined {
  const { asset, amount } = offer
  const refuseAsset = asset.transfer === 'native' ? refuseCoin : refuseToken
  if (amount > maxAmount) return 'the amount is more than an account can hold'
  return refuseNetwork(offer, network) ?? refuseAsset(offer) ?? refusePayee(offer, payer)
}

/** The memo that a server asks for; else one that is the purchase's own, so that no two messages are the same. */
export function memoOf({ extra, takesMemo = true }: Offer, nonce: Hex): string {
  const { memo } = extra
  if (typeof memo === 'string') return memo
  return takesMemo ? nonce.slice(2, 34) : ''
}

/** Tells whether two purchases can have the same message: their memo is not theirs to choose. */
export function hasFixedMemo({ extra, takesMemo = true }: Offer): boolean {
  return typeof extra['memo'] === 'string' || !takesMemo
}

function refuseNetwork({ asset }: Offer, network: Network): string | undefined {
  return asset.network === network ? undefined : `its nodes are of ${network}, not of ${asset.network}`
}

/** The server's idea of the token is only compared with ours. */
function refuseToken({ asset, amount, extra }: Offer): string | undefined {
  if (asset.transfer !== 'spl-token' && asset.transfer !== 'token-2022') return `${asset.symbol} is no token of Solana`
  if (amount > maxAmount) return 'the amount is more than a token account can hold'
  const ours: Readonly<Record<string, unknown>> = { decimals: asset.decimals, tokenProgram: tokenProgramOf(asset) }
  const wrong = Object.keys(ours).find((field) => (extra[field] ?? ours[field]) !== ours[field])
  return wrong && `extra.${wrong} is not what it is for ${asset.symbol}: ${JSON.stringify(ours[wrong])}`
}

/** A token that was called the chain's coin by mistake would be paid in the coin. */
function refuseCoin({ asset }: Offer): string | undefined {
  if (asset.address === programs.system && asset.decimals === 9) return undefined
  return `the chain's own coin has the address ${programs.system} and 9 decimals`
}

function refusePayee({ payTo, asset }: Offer, payer: string): string | undefined {
  if (!isOwnerAddress(payTo)) return 'payTo is not an address that can be paid'
  if (payTo === asset.address) return 'payTo is the token itself'
  return payTo === payer ? 'payTo is our own address' : undefined
}

/** Who pays the fee signs whatever the message says: it must be nobody whose account the message can touch. */
function refuseFeePayer({ extra, payTo, asset }: Offer, payer: string): string | undefined {
  const { feePayer } = extra
  if (feePayer === undefined || feePayer === null) return 'extra.feePayer is missing'
  if (typeof feePayer !== 'string' || !isWalletAddress(feePayer)) return 'extra.feePayer is not an address of a wallet'
  if (feePayer === payer) return 'extra.feePayer is our own address'
  if (feePayer === payTo) return 'extra.feePayer is the payee'
  const touched = [asset.address, tokenAccountOf(payer, asset), tokenAccountOf(payTo, asset)]
  return touched.includes(feePayer) ? 'extra.feePayer is an account of the transfer' : undefined
}

/** It is public for ever. */
function refuseMemo({ extra }: Offer): string | undefined {
  const { memo } = extra
  if (memo === undefined || memo === null) return undefined
  const isText = typeof memo === 'string' && memo !== '' && !/\p{Cc}|\p{Surrogate}/u.test(memo)
  if (!isText) return 'extra.memo is not text that can be written'
  const { length } = new TextEncoder().encode(memo)
  return length > maxMemoBytes ? `extra.memo is ${length} bytes, over ${maxMemoBytes}` : undefined
}
