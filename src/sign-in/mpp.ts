import { askToProve, proofData, proofTexts } from '../evm/proof.js'
import { isSignedBy, parseSignature } from '../evm/signature.js'
import { isEvmSigner } from '../evm/signer.js'
import { hashTypedData } from '../evm/typed-data.js'
import { deepFreeze } from '../lib/freeze.js'
import { encodeBase64 } from '../lib/base64.js'
import type { SignInClaim, SignInMethod, SignInOffer } from '../ports/sign-in.js'
import type { Hex, Network, PaymentRequired, Resource } from '../types.js'
import { readHosts, type SignInOptions } from './hosts.js'

/** What `mpp()` read of a challenge that asks for no money. */
type Challenge = Readonly<Record<'network' | 'currency' | 'recipient' | 'id' | 'realm' | 'echo' | 'header', string>>

/**
 * Shows an MPP server whose address it is that asks, where it asks for that and for no money (`tempo/charge` of nothing);
 * `mpp()` has to be among the wallet's protocols. It tells the server the wallet's address, which is why hosts are named.
 *
 * What is signed is the challenge's id and its realm, and nothing that moves anything. The realm has to be the host that is
 * connected to, with its port, or without where `hosts` names it at the usual port. It costs nothing, has to be allowed by the
 * policy as a payment of nothing to that host, is recorded by the scheme `sign-in`, and no session does it whose scope does
 * not say `signIn: true`.
 *
 * @throws ConfigurationError when a pattern is not usable, or there is none.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet, x402 } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { mpp } from 'stipend/mpp'
 * import { signInWithMpp } from 'stipend/sign-in'
 *
 * const wallet = createAgentWallet({
 *   keyStore: privateKey(process.env.AGENT_KEY),
 *   policy: [allowHosts(['api.example.com'])],
 *   protocols: [x402(), mpp()],
 *   signIn: signInWithMpp({ hosts: ['api.example.com'] }),
 * })
 * ```
 */
export function signInWithMpp(options: SignInOptions): SignInMethod {
  const allows = readHosts('signInWithMpp', options)
  const challenges = new WeakMap<SignInClaim, Challenge>()
  return Object.freeze({
    allows,
    asks: (required) => challengesOf(required).map(offerOf)[0],
    canSign: (signer) => isEvmSigner(signer) && !signer.isContract,
    read: (required, { resource, network, address, now }) => {
      const challenge = challengesOf(required).find((one) => one.network === network)
      const { origin, pathname, hostname } = new URL(resource.url)
      // Servers of mppx name themselves without their port: the proof is then good at the usual one too.
      const isUsual = challenge?.realm === hostname && allows(atUsualPort(resource))
      const isOurs = challenge?.realm === resource.host || isUsual
      if (!challenge || !isOurs || !isPlain(challenge)) return undefined
      const about = { network, address, domain: challenge.realm, uri: `${origin}${pathname}` }
      const claim = deepFreeze({ ...about, nonce: challenge.id, issuedAt: new Date(now).toISOString() })
      challenges.set(claim, challenge)
      return claim
    },
    sign: async (claim, signer) => {
      if (!isEvmSigner(signer)) throw new TypeError('the signer is none of an EVM chain')
      return parseSignature(await askToProve(claim, signer)) ?? ''
    },
    check: (claim, signature) => {
      const parsed = parseSignature(signature)
      if (parsed === undefined) return 'the signer answered with no 65-byte signature'
      const isOurs = isSignedBy(hashTypedData(proofData(claim)), parsed, claim.address as Hex)
      return isOurs ? undefined : 'the signature is not of this claim'
    },
    write: (claim, signature) => {
      const { echo, header } = challenges.get(claim) ?? { echo: '{}', header: 'Authorization' }
      const source = `did:pkh:${claim.network}:${claim.address}`
      const credential = { challenge: JSON.parse(echo), payload: { type: 'proof', signature }, source }
      const text = encodeBase64(JSON.stringify(credential)).replaceAll('+', '-').replaceAll('/', '_')
      return { [header]: `Payment ${text.replace(/=+$/, '')}` }
    },
  } satisfies SignInMethod)
}

function atUsualPort(resource: Resource): Resource {
  const usual = new URL(resource.url)
  usual.port = ''
  const { href: url, origin, host } = usual
  return { ...resource, url, origin, host }
}

function challengesOf({ protocol, raw }: PaymentRequired): readonly Challenge[] {
  const proofs: unknown = protocol === 'mpp' ? raw['proofs'] : undefined
  return Array.isArray(proofs) ? proofs : []
}

function isPlain({ id, realm }: Challenge): boolean {
  return proofTexts.challengeId.test(id) && proofTexts.realm.test(realm)
}

function offerOf({ network, currency, recipient }: Challenge): SignInOffer {
  return { network: network as Network, asset: currency, payTo: recipient }
}
