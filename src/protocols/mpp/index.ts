import { encodeBase64 } from '../../lib/base64.js'
import { deepFreeze } from '../../lib/freeze.js'
import { type OptionNames, refuseUnknown } from '../../lib/known-options.js'
import type { Message, Protocol } from '../../ports/protocol.js'
import type { Authorization, OfferClaim, Payload, SetAside } from '../../types.js'
import { fieldsOf } from '../fields.js'
import { readChallenges } from '../authenticate.js'
import { readCharge } from './charge.js'
import { readProofChallenge } from './proof.js'
import { readProblem, readReceipt } from './receipt.js'

/** Options of `mpp`. */
export type MppOptions = {
  /** Unix milliseconds; used where a server does not say its own time. @default Date.now */
  readonly clock?: (() => number) | undefined
}

/**
 * Speaks MPP, the Machine Payments Protocol: `WWW-Authenticate: Payment` is answered where it asks for a charge on an EVM
 * chain by an authorization of EIP-3009, with the wallet's `exactEvm()`, or on Tempo, with `chargeTempo()` of `stipend/tempo`. Put
 * it after x402, so that a server which speaks both is paid by x402. A challenge that asks for no money is answered by
 * `signInWithMpp` of `stipend/sign-in`, where the wallet has it.
 *
 * The nonce of such a payment is its server's and not ours. So a payment whose outcome is unknown is sent again with the
 * challenge that it was made for, and once its time is over no other is signed until a chain shows that it is dead.
 *
 * @example
 * ```ts
 * import { allowHosts, createAgentWallet, x402, x402V1 } from 'stipend'
 * import { privateKey } from 'stipend/keys'
 * import { mpp } from 'stipend/mpp'
 *
 * const wallet = createAgentWallet({
 *   keyStore: privateKey(process.env.AGENT_KEY),
 *   policy: [allowHosts(['api.example.com'])],
 *   protocols: [x402(), x402V1(), mpp()],
 * })
 * ```
 */
export function mpp(options: MppOptions = {}): Protocol {
  refuseUnknown('mpp', options, { clock: true } satisfies OptionNames<MppOptions>)
  const { clock = Date.now } = options
  return Object.freeze({
    name: 'mpp',
    paymentHeaders: Object.freeze(['payment-authorization']),
    parse: ({ headers }: Message) => {
      const header = headers.get('WWW-Authenticate')
      if (header === null || !/(?:^|[,\s])payment\s/i.test(header)) return undefined
      const date = Date.parse(headers.get('Date') ?? '')
      const now = Number.isNaN(date) ? clock() : date
      const challenges = readChallenges(header, ['payment']).map(({ parameters }) => parameters)
      const proofs = challenges.flatMap((one) => readProofChallenge(one, now) ?? [])
      const read = challenges.map((one, index) => readCharge(one, index, now))
      if (read.length === 0) return undefined
      return deepFreeze({
        protocol: 'mpp',
        claims: read.filter((one): one is OfferClaim => 'raw' in one),
        setAside: read.filter((one): one is SetAside => 'reason' in one),
        raw: { proofs },
      })
    },
    attach: (_required, authorization) => {
      const challenge = challengeOf(authorization)
      const name = challenge['header'] === undefined ? 'Authorization' : String(challenge['header'])
      return { [name]: `Payment ${encodeCredential(challenge, authorization)}` }
    },
    readAnswer: (headers, payment, body) => {
      const receipt = headers.get('Payment-Receipt')
      return receipt === null ? readProblem(body) : readReceipt(receipt, payment)
    },
  } satisfies Protocol)
}

/** That which the payment was made for: its nonce is no other's. */
function challengeOf({ payment, offer }: Authorization): Readonly<Record<string, unknown>> {
  return fieldsOf(JSON.parse(payment.terms.challenge ?? offer.challenge?.echo ?? '{}'))
}

function encodeCredential(challenge: Readonly<Record<string, unknown>>, { payment, payload }: Authorization): string {
  const credential = {
    challenge,
    payload: writePayload(payload),
    source: `did:pkh:${payment.asset.network}:${payment.terms.payer}`,
  }
  return encodeBase64(JSON.stringify(credential)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** A transaction that the server sends, or an authorization that it executes. */
function writePayload({ transaction, authorization, signature }: Payload): Readonly<Record<string, unknown>> {
  if (transaction !== undefined) return { type: 'transaction', signature: transaction }
  return { type: 'authorization', ...fieldsOf(authorization), signature }
}
