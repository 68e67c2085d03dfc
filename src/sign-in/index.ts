import { askToSignIn, hashClaim, readClaim } from '../evm/sign-in.js'
import { isSignedBy, parseSignature } from '../evm/signature.js'
import { isEvmSigner } from '../evm/signer.js'
import { encodeBase64 } from '../lib/base64.js'
import type { SignInClaim, SignInMethod } from '../ports/sign-in.js'
import type { Hex } from '../types.js'
import { readHosts, type SignInOptions } from './hosts.js'

export type { PaidAsker, SignInAsker, SignInClaim, SignInMethod, SignInOffer } from '../ports/sign-in.js'
export type { SignInOptions } from './hosts.js'
export { signInWithMpp } from './mpp.js'

const extension = 'sign-in-with-x'
/** Servers take a message that is at most five minutes old. */
const maxAgeMs = 300_000
const maxSkewMs = 120_000

/**
 * Opens a resource that this wallet has paid before by signing in, by x402's `sign-in-with-x`, where its server takes that;
 * and pays where it does not. It tells the server the wallet's address, which is why hosts are named.
 *
 * What is signed is written here, for the origin that is connected to, on a network on which the resource was paid. A
 * challenge for another domain, address, chain or time, or with a statement to be signed, is not answered. It costs nothing,
 * is recorded as a payment of nothing by the scheme `sign-in`, and no session does it whose scope does not say `signIn: true`.
 *
 * @throws ConfigurationError when a pattern is not usable, or there is none.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { signInWithX } from 'stipend/sign-in'
 *
 * const wallet = createAgentWallet({
 *   keyStore: privateKey(process.env.AGENT_KEY),
 *   policy: [allowHosts(['api.example.com'])],
 *   signIn: signInWithX({ hosts: ['api.example.com'] }),
 * })
 * ```
 */
export function signInWithX(options: SignInOptions): SignInMethod {
  const allows = readHosts('signInWithX', options)
  return Object.freeze({
    allows,
    read: readChallenge,
    canSign: (signer) => isEvmSigner(signer) && signer.signIn !== undefined,
    sign: async (claim, signer) => {
      if (!isEvmSigner(signer)) throw new TypeError('the signer is none of an EVM chain')
      return parseSignature(await askToSignIn(claim, signer)) ?? ''
    },
    check: (claim, signature) => {
      const parsed = parseSignature(signature)
      if (parsed === undefined) return 'the signer answered with no 65-byte signature'
      return isSignedBy(hashClaim(claim), parsed, claim.address as Hex)
        ? undefined
        : 'the signature is not of this claim'
    },
    write: (claim, signature) => ({ 'SIGN-IN-WITH-X': writeProof(claim, signature) }),
  } satisfies SignInMethod)
}

const readChallenge: SignInMethod['read'] = ({ raw }, { resource, network, address, now }) => {
  const challenge = fieldsOf(fieldsOf(fieldsOf(raw)['extensions'])[extension])
  const info = fieldsOf(challenge['info'])
  const chains: unknown = challenge['supportedChains']
  const isOurs =
    info['domain'] === resource.host && originOf(info['uri']) === resource.origin && info['version'] === '1'
  const isPlain = ['statement', 'notBefore', 'requestId'].every((name) => (info[name] ?? undefined) === undefined)
  if (!isOurs || !isPlain || !Array.isArray(chains) || !chains.some((chain) => isChain(chain, network)))
    return undefined
  const { nonce, issuedAt, expirationTime } = info
  if (!isNow(issuedAt, now) || !(expirationTime === undefined || timeOf(expirationTime) > now)) return undefined
  const uri = new URL(resource.url)
  const claim = { network, address, domain: resource.host, uri: `${uri.origin}${uri.pathname}`, nonce, issuedAt }
  return readClaim(expirationTime === undefined ? claim : { ...claim, expirationTime }, address)
}

function isChain(chain: unknown, network: string): boolean {
  const { chainId, type, signatureScheme = 'eip191' } = fieldsOf(chain)
  return chainId === network && type === 'eip191' && signatureScheme === 'eip191'
}

function isNow(issuedAt: unknown, now: number): boolean {
  const at = timeOf(issuedAt)
  return at >= now - maxAgeMs && at <= now + maxSkewMs
}

function timeOf(text: unknown): number {
  return typeof text === 'string' ? Date.parse(text) : Number.NaN
}

function originOf(uri: unknown): string | undefined {
  return typeof uri === 'string' && URL.canParse(uri) ? new URL(uri).origin : undefined
}

function writeProof({ network, uri, ...claim }: SignInClaim, signature: string): string {
  const plain = { ...claim, uri, version: '1', chainId: network, type: 'eip191', resources: [uri], signature }
  return encodeBase64(JSON.stringify(plain))
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
