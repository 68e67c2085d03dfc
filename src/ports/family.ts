import type { Asset } from '../types.js'

/** How a family of chains writes what every family has: networks, addresses and tokens. */
export type Family = {
  /** The CAIP-2 namespace of its networks, such as `eip155`. */
  readonly namespace: string
  /** Tells whether it can be the part of a CAIP-2 id behind the namespace. */
  readonly isReference: (reference: string) => boolean
  /** Writes an address so that equal ones are equal strings, or answers `undefined` for what is none. */
  readonly parseAddress: (text: string) => string | undefined
  /** Writes text so that two spellings of one address are equal strings, whether it is one or not. */
  readonly foldAddress: (text: string) => string
  /** What every address begins with, where it begins no other family's. */
  readonly addressPrefix?: string | undefined
  /** The CAIP-19 namespace of its tokens, such as `erc20`. */
  readonly tokenNamespace: string
  /** How a token moves whose owner does not say. */
  readonly transfer: Asset['transfer']
  /** What the package has for it, as it is written, for whoever lacks it. */
  readonly hints?: Hints | undefined
}

/** How parts of a family are made, and where they are imported from. */
export type Hints = {
  /** By the name of the scheme. */
  readonly schemes: Readonly<Record<string, string>>
  readonly chain: string
  /** What the owner's entry of a token has besides what all have. */
  readonly asset: string
}
