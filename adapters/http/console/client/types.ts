/** An amount in digits: micro-USD, or a count. */
export type Digits = string

export type Limit = {
  readonly name: string
  readonly scope: string
  readonly measure: 'microUsd' | 'count' | 'open' | 'unknown'
  readonly max: Digits
  readonly used: Digits
  readonly left: Digits
  readonly freesAt?: number
}

type Terms = {
  readonly amount: Digits
  readonly microUsd: Digits
  readonly payTo: string
  readonly asset: { readonly network: string; readonly symbol: string; readonly decimals: number }
  readonly resource: { readonly url: string; readonly method: string; readonly host: string }
  readonly labels: Readonly<Record<string, string>>
}

export type Payment = Terms & {
  readonly id: string
  readonly status: 'authorized' | 'claimed' | 'unknown' | 'confirmed' | 'released' | 'expired' | 'cancelled'
  readonly createdAt: number
  readonly scopes: readonly string[]
  readonly note?: string
  readonly receipt?: { readonly transaction: string }
}

export type Approval = Terms & {
  readonly id: string
  readonly kind: 'approval' | 'delay'
  readonly reason: string
  readonly requestedAt: number
  readonly expiresAt: number
  readonly executableAt?: number
}

export type Session = {
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  readonly depth: number
  readonly expiresAt?: number
  readonly isRevoked: boolean
  readonly isKnown: boolean
  readonly spent: Digits
  readonly payments: number
  readonly limits: readonly Limit[]
}

/** All that the page shows, but for what chains have to be asked for. */
export type State = {
  readonly walletId: string
  readonly now: number
  readonly frozen?: { readonly reason: string; readonly at: number }
  readonly spent: {
    readonly today: Digits
    readonly month: Digits
    readonly days: readonly { readonly at: number; readonly microUsd: Digits }[]
    readonly isAll: boolean
  }
  readonly limits: readonly Limit[]
  readonly approvals: readonly Approval[]
  readonly payments: readonly Payment[]
  readonly isAll: boolean
  readonly sessions: readonly Session[]
}

export type Balance = {
  readonly network: string
  readonly address: string
  readonly symbol: string
  readonly decimals: number
  readonly amount: Digits
  readonly microUsd: Digits
}

/** Where the wallet can be paid, and what it holds there; a problem in words where chains did not answer. */
export type Funds = {
  readonly addresses: readonly { readonly network: string; readonly address: string }[]
  readonly balances: readonly Balance[]
  readonly problem?: string
}
