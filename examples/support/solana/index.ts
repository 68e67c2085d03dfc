/**
 * A Solana of its own, on loopback: litesvm runs the transactions, and around it are the blocks, the commitments,
 * the history and the faults of a real node.
 *
 *     const chain = await startSolana()                          // devnet's USDC is there
 *     const payer = await chain.createPayer(1_000_000n)          // a key with one USDC
 *     const facilitator = await startSolanaFacilitator(chain)
 *     const server = await startSolanaServer({ chain, facilitator })
 *     … pay `${server.url}/paid`, with `${chain.url}/client` as the node …
 *     await chain.tokenBalance(payer.address, devnetUsdc)
 *     await server.close(); await facilitator.close(); await chain.close()
 *
 * - The path of the node's URL is the traffic's tag: `chain.counts()`, `setLatency(tag, …)`, and the faults `lie(method, …)`
 *   and `goDown()`, for all traffic or one tag, until the function that they return is called.
 *   A lie is told after the deed: one that throws an `RpcError` for `sendTransaction` loses the answer, not the transaction.
 * - Each transaction is followed by a block, so it is confirmed at once; `tick(32)` makes it final. With
 *   `mining: 'manual'` it stays processed until `tick()`; with `mining: { slotMs: 400 }` blocks come by the clock, which
 *   is what more than a hundred payments at once need: a block for each makes the blockhashes of the last too old.
 * - A blockhash of height `h` is answered with `lastValidBlockHeight` `h + 150`, and block `h + 151` still takes it, as
 *   validators do; a simulation takes it up to `h + 144`. So nothing signed before `tick(152)` lands after it, and that is
 *   final after 32 more.
 * - Accounts are answered as they were at the commitment asked for. Minting and airdrops are there at every commitment.
 * - Not here: forks, skipped slots, lookup tables, rate limits, parsed extensions, Lighthouse. Simulations see the newest
 *   accounts whatever the commitment.
 */
export { devnetUsdc, solanaDevnet, startSolana, type TestSolana } from './chain.ts'
export { RpcError } from './errors.ts'
export { type SolanaFacilitator, startSolanaFacilitator } from './facilitator.ts'
export { createSolanaKeyPair, type SolanaKeyPair } from './funds.ts'
export { type SolanaServer, startSolanaServer } from './servers.ts'
export { transferFee } from './token.ts'
