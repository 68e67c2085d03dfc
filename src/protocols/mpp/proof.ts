import * as z from 'zod/mini'
import type { Network } from '../../types.js'
import type { Parameters } from '../authenticate.js'
import { echoOf, readRequest, secondsLeft } from './challenge.js'

/** A challenge that asks for no money, but whose address it is that asks. */
export type ProofChallenge = {
  readonly network: Network
  readonly currency: string
  readonly recipient: string
  readonly id: string
  readonly realm: string
  /** What is repeated with the proof, as it came, in JSON. */
  readonly echo: string
  readonly header: string
}

const shape = z.object({
  amount: z.literal('0'),
  currency: z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/)),
  recipient: z.optional(z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/))),
  methodDetails: z.object({ chainId: z.int().check(z.positive()), splits: z.optional(z.array(z.unknown())) }),
})

/** Reads a challenge of `tempo/charge` for nothing; answers nothing for any other. */
export function readProofChallenge(parameters: Parameters, now: number): ProofChallenge | undefined {
  const { id = '', realm = '', method, intent, request = '', expires, header = 'Authorization' } = parameters
  if (method !== 'tempo' || intent !== 'charge' || id === '' || realm === '') return undefined
  const read = shape.safeParse(readRequest(request))
  const echo = echoOf(parameters)
  const seconds = secondsLeft(expires, now)
  if (!read.success || echo === undefined || seconds === undefined || seconds <= 0) return undefined
  const { currency, recipient = `0x${'0'.repeat(40)}`, methodDetails } = read.data
  const { chainId, splits = [] } = methodDetails
  if (splits.length > 0 || (header !== 'Authorization' && header !== 'Payment-Authorization')) return undefined
  return { network: `eip155:${chainId}`, currency, recipient, id, realm, echo, header }
}
