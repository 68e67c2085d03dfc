import {
  type Attributes,
  metrics,
  type MeterProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type TracerProvider,
} from '@opentelemetry/api'
import { type AgentWallet, isStipendError, type Payment } from 'stipend'
import { type OptionNames, refuseUnknown } from '../../src/lib/known-options.js'
import { createRecent } from '../../src/lib/recent.js'

/** Options of `instrument`. */
export type InstrumentOptions = {
  /** @default the global one */
  readonly tracerProvider?: TracerProvider | undefined
  /** @default the global one */
  readonly meterProvider?: MeterProvider | undefined
  /**
   * Which labels of a payment become attributes of its span, as `stipend.label.<name>`.
   *
   * @default []: their values are the callers' own words
   */
  readonly labels?: readonly string[] | undefined
}

const optionNames: OptionNames<InstrumentOptions> = { tracerProvider: true, meterProvider: true, labels: true }

/** Spans that wait for the end of their payment; beyond them the oldest ends without it. */
const maxOpen = 1000
/** Payments that are not counted a second time; of more than these the oldest could be. */
const maxCounted = 100_000

/**
 * Traces and measures what a wallet pays, whatever asked for it: a span from a payment's signature to its answer, under the
 * span that is active where it was asked for; `stipend.payment.spent`, a counter, and `stipend.payment.amount`, a histogram,
 * in micro-USD; and `stipend.payment.denied`, which counts refusals by their code. Nothing in them is a query string, a
 * path, a payload or a signature. Answers the function that stops it.
 *
 * @example
 * ```ts
 * import type { AgentWallet } from 'stipend'
 * import { instrument } from 'stipend/opentelemetry'
 *
 * declare const wallet: AgentWallet
 * instrument(wallet, { labels: ['task'] })
 * ```
 */
export function instrument({ on }: Pick<AgentWallet, 'on'>, options: InstrumentOptions = {}): () => void {
  refuseUnknown('instrument', options, optionNames)
  const { tracerProvider = trace, meterProvider = metrics, labels = [] } = options
  const tracer = tracerProvider.getTracer('stipend')
  const instruments = createInstruments(meterProvider)
  const open = new Map<string, Span>()
  const end = (payment: Payment): void => {
    const span = open.get(payment.id)
    open.delete(payment.id)
    span?.setAttributes(endAttributes(payment))
    if (payment.status === 'unknown') span?.setStatus({ code: SpanStatusCode.ERROR, message: 'outcome unknown' })
    span?.end()
  }
  const counted = createRecent<string>(maxCounted)
  const settle = (payment: Payment): void => {
    end(payment)
    // It is told once more when it was sent again, or its answer broke off.
    if (counted.has(payment.id)) return
    counted.add(payment.id)
    instruments.count(payment)
  }
  const stops = [
    on('payment.authorized', ({ payment }) => {
      // It is sent once more: the span before got no answer.
      open.get(payment.id)?.end()
      const [oldest] = open.keys()
      if (open.size >= maxOpen && oldest !== undefined) {
        open.get(oldest)?.end()
        open.delete(oldest)
      }
      const attributes = { ...attributesOf(payment), ...labelsOf(payment, labels) }
      open.set(payment.id, tracer.startSpan('stipend.payment', { kind: SpanKind.CLIENT, attributes }))
    }),
    on('payment.settled', ({ payment }) => settle(payment)),
    on('payment.unknown', ({ payment }) => settle(payment)),
    on('payment.released', ({ payment }) => end(payment)),
    on('payment.denied', ({ error, resource }) => {
      const attributes = {
        'error.type': isStipendError(error) ? error.code : 'unexpected',
        'server.address': resource.host,
      }
      trace.getActiveSpan()?.addEvent('stipend.payment.denied', attributes)
      instruments.deny(attributes)
    }),
  ]
  return () => {
    for (const stop of stops) stop()
    for (const span of open.values()) span.end()
    open.clear()
  }
}

function createInstruments(provider: MeterProvider): {
  readonly count: (payment: Payment) => void
  readonly deny: (attributes: Attributes) => void
} {
  const meter = provider.getMeter('stipend')
  const unit = 'uUSD'
  const spent = meter.createCounter('stipend.payment.spent', {
    unit,
    description: 'What counts as spent, in micro-USD',
  })
  const amount = meter.createHistogram('stipend.payment.amount', {
    unit,
    description: 'Payments by size, in micro-USD',
  })
  const denied = meter.createCounter('stipend.payment.denied', {
    description: 'Payments that were not made, by reason',
  })
  return {
    count: (payment) => {
      const { asset, resource, microUsd, status } = payment
      const attributes = {
        'server.address': resource.host,
        'stipend.network': asset.network,
        'stipend.asset': asset.symbol,
        'stipend.payment.status': status,
      }
      spent.add(Number(microUsd), attributes)
      amount.record(Number(microUsd), attributes)
    },
    deny: (attributes) => denied.add(1, attributes),
  }
}

function attributesOf({ id, resource, asset, amount, microUsd, payTo, protocol, scheme }: Payment): Attributes {
  return {
    'http.request.method': resource.method,
    'server.address': resource.host,
    'stipend.payment.id': id,
    'stipend.payment.micro_usd': Number(microUsd),
    'stipend.payment.amount': String(amount),
    'stipend.payment.pay_to': payTo,
    'stipend.asset': asset.symbol,
    'stipend.network': asset.network,
    'stipend.protocol': protocol,
    'stipend.scheme': scheme,
  }
}

function endAttributes({ status, receipt }: Payment): Attributes {
  const transaction = receipt?.transaction ? { 'stipend.payment.transaction': receipt.transaction } : {}
  return { 'stipend.payment.status': status, ...transaction }
}

function labelsOf({ labels }: Payment, names: readonly string[]): Attributes {
  const found = names.filter((name) => Object.hasOwn(labels, name))
  return Object.fromEntries(found.map((name) => [`stipend.label.${name}`, labels[name]]))
}
