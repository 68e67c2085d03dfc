/**
 * How long each thing that is not ours is waited for, in milliseconds. The documentation's table is made of these, and a
 * test holds the two together.
 */
export const deadlines = {
  /** A call of the ledger that records, changes or looks up. */
  ledger: 15_000,
  /** A call of the ledger that lists. */
  ledgerList: 60_000,
  /** The record of what became of a payment, before an answer that was bought is handed over; it goes on afterwards. */
  ledgerOutcome: 2_000,
  /** A key store's signer, or a secret that it derives. */
  keyStore: 30_000,
  /** A signature. */
  signature: 30_000,
  /** The outcome of an identical call that is under way. */
  identicalCall: 180_000,
  /** A permit of the same token that another payment has, before the next is told of it. */
  permit: 5_000,
  /** A place among the payments that are under way, where `maxInFlight` bounds them. */
  place: 180_000,
  /** A source of prices of the owner's own. */
  price: 5_000,
  /** A policy of the owner's own. */
  policy: 10_000,
  /** A person whom `onApproval` asks: as long as the request for approval lives. */
  approval: 86_400_000,
  /** A chain's word, before a payment is signed, on whether there is enough and whether it would be executed. */
  balance: 2_000,
  /** What a scheme has to know of its chain before it signs. */
  terms: 60_000,
  /** The body of a 402. */
  challengeBody: 10_000,
  /** The rest of a request's own streamed body, once the server has asked for payment. */
  requestBody: 60_000,
  /** The answer to a payment, counted from when nobody can settle it any more. */
  answerGrace: 60_000,
  /** The time of a chain's final block. */
  chainTime: 30_000,
  /** A chain's word on one payment or on balances, and its search through what left an account. */
  chainSearch: 600_000,
  /** A chain that is asked how to transfer, or is sent a transfer. */
  transfer: 60_000,
  /** A block that executes an action, before the caller is told that it is sent. */
  inclusion: 15_000,
  /** A gas payer that is sent a cancellation. */
  cancellation: 30_000,
  /** A node of a chain, for one question. */
  node: 20_000,
  /** A node that is asked while a payment waits for it. */
  nodeWhilePaying: 5_000,
  /** An answer that a tool hands to a model. */
  toolAnswer: 30_000,
  /** A SQLite file that another program holds. */
  sqliteLock: 10_000,
  /** The addresses of a host, for a fetch that blocks private networks. */
  hostAddresses: 30_000,
  /** A connection of such a fetch. */
  connection: 10_000,
  /** The head of an answer to such a fetch, and a connection on which nothing comes. */
  answerHead: 300_000,
} as const
