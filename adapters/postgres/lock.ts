/** How long a change of a ledger waits for those before it. */
export const lockTimeoutMs = 4000

/** How long a change of a ledger can take once it has begun. */
export const transactionTimeoutMs = 30_000

/** Names the locks of a ledger by its schema, without the quotes that let the schema be called like a keyword. */
export function lockName(schema: string): string {
  return schema.replaceAll('"', '')
}
