import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, context, type ContextManager, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { paidResource, type PaidResourceOptions } from '../../src/testing/index.js'
import { instrument } from '../../adapters/opentelemetry/index.js'
import { openShop } from '../support/shop.ts'

const url = 'https://shop.example.com/secret-path?token=hush'

/** What the Node SDK registers: the active span follows calls. */
function createContextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>()
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...args) => storage.run(active, () => work.call(self as never, ...args)),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}

function setUp(options: Parameters<typeof instrument>[1] = {}, faulty?: PaidResourceOptions) {
  const spans = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const shop = openShop()
  const resource = faulty && paidResource({ ...faulty, amount: 10_000n, clock: () => shop.scene.now })
  const wallet = shop.open(resource && { fetch: async (input, init) => resource(new Request(input, init)) })
  const stop = instrument(wallet, { tracerProvider, meterProvider, ...options })
  const measured = async () => {
    await reader.forceFlush()
    const all =
      exporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? []
    return Object.fromEntries(all.map(({ descriptor, dataPoints }) => [descriptor.name, { descriptor, dataPoints }]))
  }
  return { wallet, shop, spans, stop, measured, tracer: tracerProvider.getTracer('test') }
}

describe('a wallet under OpenTelemetry', () => {
  beforeEach(() => {
    context.setGlobalContextManager(createContextManager())
  })
  afterEach(() => context.disable())

  test('has a span for each paid call, under the span of who asked, also where two ask at once', async () => {
    const { wallet, spans, tracer } = setUp({ labels: ['task', 'none'] })
    const session = wallet.session({ labels: { task: 'brief' } })
    const ask = (name: string, fetch: typeof wallet.fetch): Promise<Response> =>
      tracer.startActiveSpan(name, (span) => fetch(`${url}&${name}`).finally(() => span.end()))
    await Promise.all([ask('one', wallet.fetch), ask('two', session.fetch)])
    const all = spans.getFinishedSpans()
    const idOf = (name: string) => String(all.find((span) => span.name === name)?.spanContext().spanId)
    const payments = all.filter(({ name }) => name === 'stipend.payment')
    expect(payments.map((span) => String(span.parentSpanContext?.spanId)).toSorted()).toEqual(
      [idOf('one'), idOf('two')].toSorted(),
    )
    const [first] = payments.filter(({ attributes }) => attributes['stipend.label.task'] === 'brief')
    expect(first?.parentSpanContext?.spanId).toBe(idOf('two'))
    expect(first?.attributes).toMatchObject({
      'http.request.method': 'GET',
      'server.address': 'shop.example.com',
      'stipend.payment.id': expect.stringMatching(/^pay_/),
      'stipend.payment.micro_usd': 10_000,
      'stipend.payment.status': 'claimed',
      'stipend.payment.transaction': expect.any(String),
      'stipend.asset': 'USDC',
    })
  })

  test('counts micro-USD that are spent, and refusals by their reason', async () => {
    const { wallet, measured } = setUp()
    await wallet.fetch(`${url}1`)
    await wallet.fetch(`${url}2`)
    await wallet.fetch('https://other.example.com/').catch(() => {})
    const found = await measured()
    expect(found['stipend.payment.spent']).toMatchObject({
      descriptor: { unit: 'uUSD' },
      dataPoints: [{ value: 20_000, attributes: { 'server.address': 'shop.example.com' } }],
    })
    expect(found['stipend.payment.amount']).toMatchObject({ dataPoints: [{ value: { count: 2, sum: 20_000 } }] })
    expect(found['stipend.payment.denied']).toMatchObject({
      dataPoints: [{ value: 1, attributes: { 'error.type': 'payment_denied' } }],
    })
  })

  test('counts a payment once, however often it is sent', async () => {
    const { spans, measured, wallet } = setUp({}, { fault: 'settle-then-500' })
    for (const _ of [1, 2]) await wallet.fetch(url).catch(() => {})
    expect(spans.getFinishedSpans()).toHaveLength(2)
    const found = await measured()
    expect(found['stipend.payment.spent']?.dataPoints).toMatchObject([{ value: 10_000 }])
    expect(found['stipend.payment.amount']?.dataPoints).toMatchObject([{ value: { count: 1 } }])
  })

  test('shows an outcome that nobody knows as an error, and counts it as spent', async () => {
    const { spans, measured, wallet } = setUp({}, { fault: 'settle-then-drop' })
    await wallet.fetch(url).catch(() => {})
    const [span] = spans.getFinishedSpans()
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'outcome unknown' },
      attributes: { 'stipend.payment.status': 'unknown' },
    })
    expect((await measured())['stipend.payment.spent']).toMatchObject({
      dataPoints: [{ value: 10_000, attributes: { 'stipend.payment.status': 'unknown' } }],
    })
  })

  test('holds no path, query, payload or signature', async () => {
    const { wallet, spans, tracer, measured } = setUp()
    await tracer.startActiveSpan('caller', async (span) => {
      await wallet.fetch(url)
      await wallet.fetch('https://other.example.com/secret-path?token=hush').catch(() => {})
      span.end()
    })
    const told = spans.getFinishedSpans().map(({ attributes, events, status }) => ({ attributes, events, status }))
    const text = JSON.stringify([told, await measured()])
    expect(told).toHaveLength(2)
    expect(text).toContain('stipend.payment.denied')
    expect(text).not.toMatch(/hush|secret-path|[0-9a-f]{130}/)
  })

  test('is watched no more once that is stopped, and leaves no span open', async () => {
    const { wallet, spans, stop } = setUp()
    stop()
    await wallet.fetch(url)
    expect(spans.getFinishedSpans()).toEqual([])
    expect(trace.getActiveSpan()).toBeUndefined()
  })
})
