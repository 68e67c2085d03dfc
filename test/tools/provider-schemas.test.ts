import { tool as agentTool } from '@openai/agents'
import { convertToOpenAITool } from '@langchain/core/utils/function_calling'
import { asSchema, type FlexibleSchema } from 'ai'
import { describe, expect, test } from 'vitest'
import { walletTools as aiSdkTools } from 'stipend/ai-sdk'
import { walletTools as langchainTools } from 'stipend/langchain'
import { createMcpServer } from 'stipend/mcp'
import { walletTools as openaiTools } from 'stipend/openai-agents'
import { paymentTools } from 'stipend/tools'
import { toJSONSchema } from 'zod/mini'
import { setUpMarket, url } from '../support/market.ts'
import { connectHost } from '../support/mcp-hosts.ts'

const { sell, serve, open, signed } = setUpMarket()

const options = { findServices: { facilitator: 'https://x402.example' } }

type Schema = Readonly<Record<string, unknown>>

/** What a provider takes in the parameters of a function: from its reference, only words that are named there. */
type Subset = {
  readonly words: readonly string[]
  /** Whether every field has to be required. */
  readonly isAllRequired?: boolean
  /** Whether nothing may stand beside `anyOf`. */
  readonly isAnyOfAlone?: boolean
}

const plain = ['type', 'description', 'enum', 'items', 'properties', 'required', 'anyOf']
const subsets: Readonly<Record<string, Subset>> = {
  'OpenAI in strict mode': { words: [...plain, 'additionalProperties', '$defs', '$ref'], isAllRequired: true },
  OpenAI: { words: [...plain, 'additionalProperties', '$defs', '$ref', 'pattern', 'minimum', 'maximum', 'default'] },
  // Of its own schemas; clients leave out additionalProperties where it is not taken.
  Gemini: { words: [...plain, 'additionalProperties', 'format', 'title', 'nullable'], isAnyOfAlone: true },
  'Anthropic in strict mode': { words: [...plain, 'additionalProperties', '$defs', '$ref', 'const', 'default'] },
  Mistral: { words: [...plain, 'additionalProperties', 'default', 'title'] },
}

/** Says what of a schema is outside a subset. */
function outside(schema: Schema, subset: Subset, path = '$'): readonly string[] {
  const { words, isAllRequired = false, isAnyOfAlone = false } = subset
  const { type, properties = {}, required = [], items, anyOf, additionalProperties } = schema
  const fields = Object.entries(properties as Record<string, Schema>)
  const below = [
    ...fields.map(([name, field]) => [field, `${path}.${name}`] as const),
    ...((anyOf ?? []) as Schema[]).map((one, index) => [one, `${path}|${index}`] as const),
    ...(items === undefined ? [] : [[items as Schema, `${path}[]`] as const]),
  ]
  const isMissing = fields.some(([name]) => !(required as string[]).includes(name))
  return [
    ...Object.keys(schema).flatMap((word) => (words.includes(word) ? [] : [`${path}: ${word}`])),
    ...(type === 'object' && additionalProperties !== false ? [`${path}: open`] : []),
    ...(type === 'object' && isAllRequired && isMissing ? [`${path}: a field is not required`] : []),
    ...(anyOf === undefined && typeof type !== 'string' ? [`${path}: no one type`] : []),
    ...(path === '$' && (type !== 'object' || anyOf !== undefined) ? ['the root is no object'] : []),
    ...(anyOf !== undefined && isAnyOfAlone && Object.keys(schema).length > 1 ? [`${path}: beside anyOf`] : []),
    ...below.flatMap(([inner, at]) => outside(inner, subset, at)),
  ]
}

/** The schemas of all tools, as each framework emits them. */
const emitted: Readonly<Record<string, () => Promise<readonly unknown[]>>> = {
  'stipend/tools': async () => Object.values(paymentTools(open(), options)).map((one) => toJSONSchema(one.inputSchema)),
  'the AI SDK': async () =>
    Object.values(aiSdkTools(open(), options).tools).map(
      ({ inputSchema }) => asSchema(inputSchema as FlexibleSchema<unknown>).jsonSchema,
    ),
  LangChain: async () => langchainTools(open(), options).map((one) => convertToOpenAITool(one).function.parameters),
  'OpenAI Agents': async () => openaiTools(open(), options).map(({ parameters }) => parameters),
  MCP: async () => {
    const host = await connectHost(() => createMcpServer(open(), options))
    const tools = await host.tools()
    await host.close()
    return tools.map(({ inputSchema }) => inputSchema)
  },
}

/** What names a dialect is none of the schema. */
function withoutDialect(schema: unknown): Schema {
  const { $schema: _, ...rest } = schema as Schema & { readonly $schema?: unknown }
  return rest
}

describe.each(Object.entries(emitted))('the schemas of %s', (_framework, emit) => {
  test.each(Object.entries(subsets))('are within what %s takes', async (_provider, subset) => {
    const schemas = await emit()
    expect(schemas).toHaveLength(6)
    expect(schemas.flatMap((schema) => outside(withoutDialect(schema), subset))).toEqual([])
    expect(JSON.stringify(schemas)).not.toMatch(/propertyNames|\$ref/)
  })
})

test('a schema outside a subset is found', () => {
  const strict = subsets['OpenAI in strict mode'] as Subset
  const record = { type: 'object', propertyNames: { type: 'string' }, additionalProperties: { type: 'string' } }
  const input = { type: 'object', properties: { headers: record }, required: [], additionalProperties: false }
  expect(outside(input, strict)).toEqual(['$: a field is not required', '$.headers: propertyNames', '$.headers: open'])
})

test('the SDK of OpenAI takes them for strict ones', () => {
  for (const { name, description, inputSchema } of Object.values(paymentTools(open(), options))) {
    const parameters = { ...toJSONSchema(inputSchema) } as never
    expect(agentTool({ name, description, parameters, strict: true, execute: () => '' }).strict).toBe(true)
  }
})

describe('a model that fills in every field', () => {
  test.each([null, '', undefined])('says nothing by %j', async (nothing) => {
    serve((request) => new Response(`${request.method} ${request.headers.get('accept')}`))
    const tools = paymentTools(open())
    const empty = { method: nothing, headers: nothing, body: nothing }
    expect(await tools.pay_fetch.execute({ url, ...empty, maxUsd: nothing, key: nothing })).toMatchObject({
      status: 'ok',
      untrustedBody: 'GET */*',
    })
    expect(await tools.quote.execute({ url, ...empty })).toMatchObject({ status: 'ok' })
    expect(await tools.budget.execute({ url: nothing })).toMatchObject({ status: 'ok' })
    expect(await tools.payments.execute({ id: nothing, limit: nothing })).toMatchObject({ status: 'ok' })
    expect(await tools.approval_status.execute({ id: nothing })).toMatchObject({ status: 'ok' })
  })

  test.each([
    ['a list of pairs', [{ name: 'accept', value: 'text/csv' }]],
    ['a record', { accept: 'text/csv' }],
  ])('can give headers as %s', async (_, headers) => {
    serve((request) => new Response(request.headers.get('accept')))
    expect(await paymentTools(open()).pay_fetch.execute({ url, headers })).toMatchObject({ untrustedBody: 'text/csv' })
  })

  test.each([
    [
      'a header twice',
      [
        { name: 'accept', value: 'a' },
        { name: 'accept', value: 'b' },
      ],
    ],
    [
      'a header twice in other letters',
      [
        { name: 'accept', value: 'a' },
        { name: 'Accept', value: 'b' },
      ],
    ],
    ['a payment', [{ name: 'X-Payment', value: 'a' }]],
    ['credentials', [{ name: 'authorization', value: 'a' }]],
    ['more than a name and a value', [{ name: 'accept', value: 'a', note: 'b' }]],
    ['no value', [{ name: 'accept' }]],
  ])('cannot give in a list of headers %s', async (_, headers) => {
    sell()
    const result = await paymentTools(open()).pay_fetch.execute({ url, headers })
    expect(result).toMatchObject({ status: 'failed', code: 'input_invalid' })
    expect(result.explanation).toMatch(/^Input is not usable: headers/)
    expect(signed()).toBe(0)
  })
})

test.each([
  [{ url: '' }, 'url: expected a URL'],
  [{ url: 'ftp://shop.example.com' }, 'url: expected an https URL'],
  [{ url, method: 'HEAD' }, 'method: expected GET, POST, PUT, PATCH or DELETE'],
  [{ url, body: 'x' }, 'body: expected none with GET'],
  [{ url, maxUsd: 'unlimited' }, 'maxUsd: expected US dollars'],
  [{ url, key: 'a b' }, 'key: expected at most 128 letters'],
  [{ url, payTo: '0x0' }, 'input: there is no field payTo'],
  [{ url, headers: { cookie: 'a' } }, 'headers: expected at most 32 headers'],
])('%j is refused by the name of the field and what was expected', async (input, expected) => {
  const { explanation } = await paymentTools(open()).pay_fetch.execute(input)
  expect(explanation).toContain(expected)
  expect(explanation).not.toMatch(/unlimited|a b|0x0|ftp/)
})
