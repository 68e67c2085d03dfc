import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { fromJSONSchema } from 'zod'
import { fromSchema, type Schema } from '../support/from-schema.ts'
import {
  type Answered,
  type Asking,
  masterPassword as password,
  openService,
  type Service,
} from '../support/service.ts'
import { openShop } from '../support/shop.ts'

type Content = { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }
type Operation = {
  readonly security: readonly Readonly<Record<string, unknown>>[]
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}
type Endpoint = { readonly name: string; readonly method: string; readonly path: string; readonly operation: Operation }

const shopUrls = [
  'https://shop.example.com/report',
  'https://api.data.example/x?y=z',
  'https://other.example.com/',
  'http://127.0.0.1:3100/v1/freeze',
]
const hints = {
  url: fc.constantFrom(...shopUrls),
  method: fc.constantFrom('GET', 'POST'),
  payment: fc.constantFrom(undefined, { key: 'k' }, { maxUsd: '0.02' }, { repeatable: true }),
  walletId: fc.constant(undefined),
  expiresAt: fc.constant(undefined),
  allowHosts: fc.constantFrom(undefined, ['shop.example.com']),
  headers: fc.constant(undefined),
  bodyBase64: fc.constant(undefined),
  type: fc.constantFrom('X402_ALLOWED_DOMAINS', 'SPENDING_LIMIT', 'RATE_LIMIT', 'timeWindow'),
}

/** What the schema of a policy's body leaves to the policy. */
const documents = fc.constantFrom(
  { type: 'X402_ALLOWED_DOMAINS', rules: { domains: ['shop.example.com'] } },
  { type: 'SPENDING_LIMIT', rules: { daily_limit_usd: 1 } },
  { type: 'RATE_LIMIT', rules: { max_payments: 3, period: 'daily' } },
)

const endpoints: Endpoint[] = []
let document: Document
beforeAll(async () => {
  document = (await openService().ask('GET /openapi.json')).json as Document
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      endpoints.push({ name: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path, operation })
    }
  }
})

/** A request as the document describes it, and sometimes one that it does not. */
function requestTo({ method, path, operation }: Endpoint): fc.Arbitrary<{ request: string; asking: Asking }> {
  const { schema: body = {} } = operation.requestBody?.content?.['application/json'] ?? {}
  const part = (place: string) =>
    fc.record(
      Object.fromEntries(
        operation.parameters
          .filter((one) => one.in === place)
          .map(({ name, schema }) => [name, fc.oneof(fromSchema(schema, hints), fc.string({ maxLength: 20 }))]),
      ),
      place === 'path' ? {} : { requiredKeys: [] },
    )
  const described =
    path === '/v1/policies' && method === 'POST'
      ? fc.oneof(documents, fromSchema(body, hints))
      : fromSchema(body, hints)
  const text = fc.oneof(
    { weight: 8, arbitrary: described.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
    { weight: 1, arbitrary: fc.string({ maxLength: 60 }) },
  )
  return fc.tuple(part('path'), part('query'), text).map(([params, query, sent]) => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])))
    const written = new URLSearchParams(query as Record<string, string>).toString()
    const request = `${method} ${filled}${written && `?${written}`}`
    return { request, asking: method === 'GET' ? {} : { text: sent } }
  })
}

/** What chance may leave out. */
const askedInAnyCase: { request: string; asking: Asking }[] = [
  { request: 'POST /v1/sessions', asking: { text: '{}' } },
  {
    request: 'POST /v1/policies',
    asking: { text: '{"type":"X402_ALLOWED_DOMAINS","rules":{"domains":["shop.example.com"]}}' },
  },
  { request: 'POST /v1/freeze', asking: { text: '{"reason":"x"}' } },
]

/** Mostly those that money or the policy hangs on. */
const anyRequest = () =>
  fc.oneof(
    ...endpoints.map((endpoint) => ({
      weight: /^POST .*(fetch|policies|sessions|freeze)$/.test(endpoint.name) ? 5 : 1,
      arbitrary: requestTo(endpoint),
    })),
  )

/** Whatever was asked, the answer is one that the document describes, and no surprise. */
function check({ status, json }: Answered, { operation, name }: Endpoint): void {
  const described = operation.responses[status]?.content?.['application/json']?.schema
  const schema = described ?? document.components.schemas['Problem']
  expect(status, `${name} ${JSON.stringify(json)}`).not.toBe(500)
  expect(fromJSONSchema(schema as Parameters<typeof fromJSONSchema>[0]).safeParse(json), name).toMatchObject({
    success: true,
  })
}

/** A service whose shops the wallet may pay, whatever becomes of its policies. */
function openMarket(): Service {
  const shop = openShop()
  const always = [{ type: 'allowHosts', hosts: ['shop.example.com', '*.data.example'] }]
  return openService({ shop, handler: { policies: { store: shop.ledger, always } } })
}

/** Says what was bought beyond what a session and its wallet allow. */
async function overspent({ shop, wallet }: Service): Promise<unknown> {
  const payments = await wallet.payments.list({ limit: 1000 })
  const astray = payments.filter(({ resource }) => !/^(shop\.example\.com|.*\.data\.example)$/.test(resource.host))
  return shop.taken() > 50_000n || astray.length > 0 ? { taken: shop.taken(), astray } : undefined
}

describe('the OpenAPI document', () => {
  test('describes every endpoint, who may call it, and what it takes and answers', () => {
    expect(endpoints.map(({ name }) => name).toSorted()).toEqual([
      'DELETE /v1/policies/{id}',
      'DELETE /v1/sessions/{id}',
      'GET /health',
      'GET /openapi.json',
      'GET /v1/approvals',
      'GET /v1/payments',
      'GET /v1/payments/{id}',
      'GET /v1/policies',
      'GET /v1/wallet/address',
      'GET /v1/wallet/balance',
      'GET /v1/wallet/budget',
      'POST /v1/approvals/{id}/approve',
      'POST /v1/approvals/{id}/deny',
      'POST /v1/freeze',
      'POST /v1/policies',
      'POST /v1/sessions',
      'POST /v1/transfers',
      'POST /v1/unfreeze',
      'POST /v1/x402/fetch',
      'PUT /v1/policies',
      'PUT /v1/policies/{id}',
    ])
    const fetchRoute = document.paths['/v1/x402/fetch']?.['post']
    expect(fetchRoute?.security).toEqual([{ session: [] }])
    expect(fetchRoute?.requestBody?.content?.['application/json']?.schema).toMatchObject({
      type: 'object',
      required: ['url'],
      additionalProperties: false,
      properties: { method: { enum: expect.arrayContaining(['GET', 'POST']) } },
    })
  })
})

describe('whatever is asked', () => {
  test('with a session’s token, no more is paid than it may, and no answer is a surprise', {
    timeout: 120_000,
  }, async () => {
    let bought = 0n
    await fc.assert(
      fc.asyncProperty(fc.array(anyRequest(), { minLength: 8, maxLength: 24 }), async (requests) => {
        const service = openMarket()
        const token = await service.token({ limits: { totalLimitUsd: '0.05' } })
        for (const { request, asking } of requests) {
          check(await service.ask(request, { ...asking, token }), endpointOf(request))
        }
        expect(await overspent(service)).toBeUndefined()
        bought += service.shop.taken()
      }),
      { numRuns: 40 },
    )
    // A fuzz that never gets to the till proves nothing of it.
    expect(bought).toBeGreaterThan(0n)
  })

  test('by the owner, no answer is a surprise', { timeout: 120_000 }, async () => {
    const answered = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(anyRequest(), { minLength: 8, maxLength: 24 }), async (requests) => {
        const service = openMarket()
        for (const { request, asking } of requests) {
          const answer = await service.ask(request, { ...asking, password })
          check(answer, endpointOf(request))
          if (answer.status < 300) answered.add(endpointOf(request).name)
        }
        expect(service.shop.keyStore.signed).toHaveLength(0)
      }),
      { numRuns: 20, examples: [[askedInAnyCase]] },
    )
    expect([...answered]).toEqual(expect.arrayContaining(['POST /v1/sessions', 'POST /v1/policies', 'POST /v1/freeze']))
  })
})

function endpointOf(request: string): Endpoint {
  const [method = '', target = ''] = request.split(' ')
  const path = target.split('?')[0] ?? ''
  const found = endpoints.find(
    (one) => one.method === method && new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]*')}$`).test(path),
  )
  // A parameter may have emptied or split the path: what is no endpoint is answered with a problem too.
  return found ?? { name: request, method, path, operation: { security: [], parameters: [], responses: {} } }
}
