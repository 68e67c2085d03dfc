/** What a Lightning wallet says of a payment of its own; NWC's `lookup_invoice` (NIP-47) says it in these words. */
export type LightningPayment = {
  readonly type?: string | undefined
  /** `settled`, `failed`, or anything else while it is under way. */
  readonly state?: string | undefined
  /** 32 bytes in hex, once it is paid. */
  readonly preimage?: string | null | undefined
  /** Millisatoshis. */
  readonly fees_paid?: number | null | undefined
}

/**
 * A Lightning wallet, by what is used of it: an `NWCClient` of `@getalby/sdk` is one as it is. It is trusted as far as its own
 * money goes.
 */
export type LightningWallet = {
  /**
   * Pays an invoice, and answers its preimage. It is asked once for each invoice.
   *
   * @param limits - What routing may cost at most, for a wallet that takes such a limit; what counts as spent includes it.
   */
  readonly payInvoice: (
    request: { readonly invoice: string },
    limits: { readonly maxFeeMsat: bigint },
  ) => Promise<{ readonly preimage: string; readonly fees_paid?: number | null | undefined }>
  /**
   * Says what became of a payment. Without it a payment without an answer counts as spent for ever, and what was paid is not
   * shown again after a restart.
   */
  readonly lookupInvoice?: ((request: { readonly payment_hash: string }) => Promise<LightningPayment>) | undefined
}
