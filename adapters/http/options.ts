import type { AgentWallet } from 'stipend'
import type { Random } from '../../src/lib/random.js'
import type { PolicyStore } from './policies.js'

/** What a handler is made of. */
export type HandlerOptions = {
  readonly wallet: AgentWallet
  /** What the owner's calls carry as `X-Master-Password`: at least 12 ASCII characters, hashed at once and not kept. */
  readonly masterPassword?: string | undefined
  /**
   * What `hashPassword` answered, instead of the password itself. Until the right one came once, each guess costs a tenth of
   * a second, and of one source at most 64 wait.
   */
  readonly masterPasswordHash?: string | undefined
  /**
   * The wallet's id, a UUID in lower case, which bodies may name and have to name right.
   *
   * @default derived from the wallet's addresses
   */
  readonly walletId?: string | undefined
  /**
   * Where the documents of `/v1/policies` are kept (a ledger will do), and rules as data that hold whatever they say.
   * From the first call on they stand beside the policy that the wallet was given in code: both have to agree, so that
   * they can only narrow it. Of a wallet that was given none they are the whole policy; with no document, nothing is paid.
   *
   * @default no policies over HTTP: the wallet's own alone is in force
   */
  readonly policies?: { readonly store: PolicyStore; readonly always?: readonly unknown[] | undefined } | undefined
  /**
   * Host names that requests may be for besides those of this machine, such as `wallet.example`.
   *
   * @default []
   */
  readonly hosts?: readonly string[] | undefined
  /**
   * Hosts of the network around this service that may be fetched, such as `127.0.0.1:4021`. Whether they are paid is for
   * the policy to say. Names are judged here, not what they resolve to: for that, give the wallet the fetch of
   * `blockPrivateNetworks()` of `stipend/node`.
   *
   * @default []: only names of the public internet, over https
   */
  readonly internalHosts?: readonly string[] | undefined
  /** What the paths begin with, such as `/api/wallet`, where the framework does not take it off. @default '' */
  readonly basePath?: string | undefined
  /** Who this service is, for tokens that only it may open. */
  readonly audience?: string | undefined
  /**
   * How long a session lives that is made without an end of its own, in seconds.
   *
   * @default 86_400
   */
  readonly sessionSeconds?: number | undefined
  /**
   * The longest body that is read of a request, in bytes.
   *
   * @default 1_048_576
   */
  readonly maxBodyBytes?: number | undefined
  /** How long it may take to arrive, in seconds. @default 10 */
  readonly maxBodySeconds?: number | undefined
  /**
   * The longest answer of a fetched server that is passed on, in bytes.
   *
   * @default 10_485_760
   */
  readonly maxAnswerBytes?: number | undefined
  /** How long a fetched server may take, in seconds. @default 60 */
  readonly fetchSeconds?: number | undefined
  /**
   * Whether the owner's page is served, at `/console`: what was spent and what waits, for whoever knows the password. One
   * sign-in lasts an hour and ends with the process.
   *
   * @default false
   */
  readonly console?: boolean | undefined
  /** Unix milliseconds. @default the wallet's own clock */
  readonly clock?: (() => number) | undefined
  /** @default crypto.getRandomValues */
  readonly random?: Random | undefined
  /** Hears of failures that a caller is told nothing of. */
  readonly onError?: ((error: unknown) => void) | undefined
}
