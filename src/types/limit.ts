/** The span of time over which a limit adds up. */
export type Window =
  | { readonly type: 'payment' }
  /** Half-open and rolling: what is older than `seconds` counts no more. */
  | { readonly type: 'rolling'; readonly seconds: number }
  /** A day or a month by the calendar of a time zone, such as `UTC` or `Europe/Berlin`. */
  | { readonly type: 'calendar'; readonly period: 'day' | 'month'; readonly timeZone: string }
  | { readonly type: 'lifetime' }

/**
 * What a limit adds up: money, payments, payments of which nobody has said yet what became of them (`open`), or those
 * that were sent and brought no answer (`unknown`).
 */
export type Measure = 'microUsd' | 'count' | 'open' | 'unknown'

/** A limit as data, which a ledger enforces in the step in which it records a payment. */
export type Limit = {
  /** What a person reads, such as `daily limit`. */
  readonly name: string
  /** The counter it applies to, such as `wallet` or `host:api.example.com`. */
  readonly scope: string
  readonly window: Window
  /** What is added up. */
  readonly measure: Measure
  /** Inclusive. */
  readonly max: bigint
  /** What happens beyond it: nothing is paid, or a person is asked. @default 'deny' */
  readonly onExceed?: 'deny' | 'approve' | undefined
}

/** How much of a limit is used. */
export type Usage = {
  readonly limit: Limit
  readonly used: bigint
  /** Unix milliseconds at which some of it is free again, where time frees it. */
  readonly freesAt?: number | undefined
}

/**
 * What is remembered of one payment and later ones have to agree with, such as who was paid; as data, which a ledger
 * checks and remembers in the step in which it records a payment.
 */
export type Pin = {
  /** What a person reads, such as `payee of https://api.example.com`. */
  readonly name: string
  /** What it is remembered under, such as `payee:https://api.example.com`. */
  readonly key: string
  /** What this payment says. The first one is remembered. */
  readonly value: string
  /**
   * By how much a value that is a whole number may exceed the remembered one, in percent.
   *
   * @default the values have to be the same
   */
  readonly maxRisePercent?: number | undefined
  /** What happens to a payment that differs: nothing is paid, or a person is asked, whose yes replaces what is remembered. */
  readonly onDiffer: 'deny' | 'approve'
}
