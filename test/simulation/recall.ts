import type { Ledger, Payment } from 'stipend'

/** What a ledger has said of payments. */
export type Recall = {
  /** All payments, as they stood last. */
  readonly payments: () => Promise<readonly Payment[]>
  /** How a payment stood from one change to the next. */
  readonly history: (id: Payment['id']) => Promise<readonly Payment[]>
}

/** Looks up what a ledger says, which keeps all. */
export function lookUp(ledger: Ledger): Recall {
  return {
    payments: () => ledger.list({ limit: 1_000_000 }),
    history: async (id) => ((await ledger.history?.(id)) ?? []).map(({ payment }) => payment),
  }
}

/** Notes what a ledger says, which lets go of what is over. */
export function noteDown(forgetful: Ledger): Recall & { readonly ledger: Ledger } {
  const noted = new Map<Payment['id'], Payment[]>()
  const note = (payment: Payment): void => {
    const known = noted.get(payment.id) ?? []
    if (known.at(-1) !== payment) noted.set(payment.id, [...known, payment])
  }
  const { payments, history } = lookUp(forgetful)
  return {
    ledger: {
      ...forgetful,
      update: async (...given) => {
        const payment = await forgetful.update(...given)
        note(payment)
        return payment
      },
    },
    payments: async () => {
      for (const payment of await payments()) note(payment)
      return [...noted.values()].flatMap((known) => known.at(-1) ?? [])
    },
    history: async (id) => [...(noted.get(id) ?? []), ...(await history(id))],
  }
}
