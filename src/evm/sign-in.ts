import { keccak_256 } from '@noble/hashes/sha3'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils'
import type { SignInClaim } from '../ports/sign-in.js'
import type { Hex } from '../types.js'
import { parseAddress } from './address.js'
import type { EvmSigner } from './signer.js'

const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/

/** What each field of a claim may be: no line of it can begin another. */
const shapes: Readonly<Record<string, (value: unknown) => boolean>> = {
  network: matching(/^eip155:[1-9][0-9]{0,14}$/),
  address: (value) => typeof value === 'string' && parseAddress(value) === value,
  domain: matching(/^[A-Za-z0-9.:[\]_-]{1,260}$/),
  uri: (value) => matching(/^https?:\/\/[\x21-\x7e]{1,2000}$/)(value) && URL.canParse(String(value)),
  nonce: matching(/^[A-Za-z0-9]{8,128}$/),
  issuedAt: matching(date),
  expirationTime: (value) => value === undefined || matching(date)(value),
}

function matching(shape: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && shape.test(value)
}

/**
 * Reads a claim that is to be signed by an address, or answers nothing for what is none, or names another host in its URL
 * than in its domain. What a key store signs is written from this alone.
 */
export function readClaim(value: unknown, address: string): SignInClaim | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const isKnown = Object.keys(value).every((name) => Object.hasOwn(shapes, name))
  const claim = { ...(value as SignInClaim) }
  const isRight = Object.entries(shapes).every(([name, isShaped]) => isShaped(Reflect.get(claim, name)))
  if (!isKnown || !isRight || claim.address !== address) return undefined
  return new URL(claim.uri).host === claim.domain ? claim : undefined
}

/** Writes the message of a claim (EIP-4361): without a statement, so that no words but these are signed. */
export function writeMessage({ network, address, domain, uri, nonce, issuedAt, expirationTime }: SignInClaim): string {
  return [
    `${domain} wants you to sign in with your Ethereum account:`,
    address,
    '',
    '',
    `URI: ${uri}`,
    'Version: 1',
    `Chain ID: ${network.slice('eip155:'.length)}`,
    `Nonce: ${nonce}`,
    `Issued At: ${issuedAt}`,
    ...(expirationTime === undefined ? [] : [`Expiration Time: ${expirationTime}`]),
    'Resources:',
    `- ${uri}`,
  ].join('\n')
}

/** Hashes a claim as wallets sign messages (EIP-191), which no hash of typed data or of a transaction can equal. */
export function hashClaim(claim: SignInClaim): Uint8Array {
  const text = utf8ToBytes(writeMessage(claim))
  return keccak_256(concatBytes(utf8ToBytes(`\x19Ethereum Signed Message:\n${text.length}`), text))
}

/** Asks a signer that can sign in to do it. */
export async function askToSignIn(claim: SignInClaim, signer: EvmSigner): Promise<Hex> {
  if (!signer.signIn) throw new TypeError('the signer cannot sign in')
  return signer.signIn(claim)
}
