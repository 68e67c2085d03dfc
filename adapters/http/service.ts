import type { AgentWallet } from 'stipend'
import type { Random } from '../../src/lib/random.js'
import type { PasswordCheck } from './password-check.js'
import type { PolicyDocuments } from './policies.js'
import type { BodyBounds } from './read-body.js'

/** What the routes work with. */
export type Service = {
  readonly wallet: AgentWallet
  readonly walletId: string
  readonly passwordCheck: PasswordCheck
  readonly policies: PolicyDocuments | undefined
  readonly clock: () => number
  readonly random: Random
  readonly audience: string | undefined
  readonly sessionSeconds: number
  readonly internalHosts: readonly string[]
  readonly body: BodyBounds
  readonly fetchSeconds: number
  readonly maxAnswerBytes: number
}
