import type { Authorization, Payment, PaymentRequired, Receipt } from '../types.js'

/** The parts of an HTTP 402 that a protocol reads. */
export type Message = {
  readonly headers: Headers
  /** The body as text, where it is text of at most 64 KiB. */
  readonly body: string | undefined
}

/** What a server's answer to a payment says of it. */
export type ProtocolAnswer = {
  readonly receipt?: Receipt | undefined
  /** Why it was not settled, as a code or in our words. */
  readonly reason?: string | undefined
  /** The same in the server's words, which stand in no sentence of ours. */
  readonly untrustedReason?: string | undefined
  /** What of its receipt does not agree with the payment, in our words; it takes nothing back. */
  readonly note?: string | undefined
  /** What it signed of it, as it came: for whoever reads attestations. */
  readonly attestation?: unknown
}

/** How payment messages sit in a response and a request. */
export type Protocol = {
  readonly name: string
  /** The request headers that carry a payment, in lower case. */
  readonly paymentHeaders: readonly string[]
  /**
   * Parses a 402, or answers `undefined` when it is not one of this protocol.
   *
   * @throws MalformedMessageError when it is one, but breaks its format or our bounds.
   */
  readonly parse: (message: Message) => PaymentRequired | undefined
  /** Writes the headers that carry a payment. */
  readonly attach: (required: PaymentRequired, authorization: Authorization) => Readonly<Record<string, string>>
  /** Reads what the answer to a payment says of it, the body where it is another 402; never throws. */
  readonly readAnswer: (headers: Headers, payment: Payment, body?: string) => ProtocolAnswer
}
