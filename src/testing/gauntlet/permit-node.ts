/** A node of the network of a case, as far as a payer asks it before it signs. */
export type GauntletNode = {
  readonly request: (call: { readonly method: string; readonly params?: unknown }) => Promise<unknown>
}

/** What the chain of a case has of the payer. */
export type PayerState = {
  /** How much Permit2 may move. */
  allowance: bigint
  /** Which permit the token takes next. */
  permits: bigint
  /** Which transaction of the account comes next. */
  transactions: bigint
}

const block = { number: '0x1', hash: `0x${'1'.repeat(64)}`, timestamp: '0x1', baseFeePerGas: '0x3b9aca00' }

/** Creates a node that answers what is asked of a payer; one whose token takes no permits does not know of any. */
export function createPayerNode(
  state: PayerState,
  { takesPermits, isSilent = false }: { readonly takesPermits: boolean; readonly isSilent?: boolean },
): GauntletNode {
  const calls: Readonly<Record<string, () => bigint>> = {
    '0xdd62ed3e': () => state.allowance,
    '0x70a08231': () => 1_000_000_000n,
    ...(takesPermits && { '0x7ecebe00': () => state.permits }),
  }
  const quantities: Readonly<Record<string, () => bigint>> = {
    eth_chainId: () => 84_532n,
    eth_getTransactionCount: () => state.transactions,
    eth_getBalance: () => 10n ** 18n,
    eth_estimateGas: () => 50_000n,
    eth_gasPrice: () => 1_000_000_000n,
    eth_maxPriorityFeePerGas: () => 1_000_000n,
  }
  return Object.freeze({
    request: async ({ method, params }: { readonly method: string; readonly params?: unknown }) => {
      if (isSilent) throw new TypeError('fetch failed')
      if (method === 'eth_getBlockByNumber') return block
      const { data } = Object(Object(params)[0])
      const word = method === 'eth_call' ? calls[String(data).slice(0, 10)]?.() : quantities[method]?.()
      if (word === undefined) throw new TypeError('execution reverted')
      const digits = word.toString(16)
      return method === 'eth_call' ? `0x${digits.padStart(64, '0')}` : `0x${digits}`
    },
  })
}
