import * as z from 'zod/mini'
import type { JsonObject } from './json.js'
import type { Route } from './route.js'
import { problem } from './schema.js'

const schemes: Readonly<Record<string, JsonObject>> = {
  owner: { type: 'apiKey', in: 'header', name: 'X-Master-Password', description: "The owner's password." },
  session: { type: 'http', scheme: 'bearer', description: "A session's token." },
}

/** Writes the routes as an OpenAPI 3.1 document, from the schemas that they read their input with. */
export function describeRoutes(routes: readonly Route[], basePath: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: describeRoute(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'stipend', version: '1', summary: 'The wallet of an AI agent, over HTTP.' },
    servers: [{ url: basePath || '/' }],
    paths,
    components: { securitySchemes: schemes, schemas: { Problem: toSchema(problem, 'output') } },
  }
}

function describeRoute(route: Route): JsonObject {
  const { summary, callers, status = 200, answer, method } = route
  return {
    summary,
    security: callers.map((caller) => (caller === 'anyone' ? {} : { [caller]: [] })),
    parameters: [...describeParams(route), ...describeQuery(route)],
    ...(method !== 'GET' && {
      requestBody: { content: { 'application/json': { schema: toSchema(route.body, 'input') } } },
    }),
    responses: {
      [status]: { description: 'Done', content: { 'application/json': { schema: toSchema(answer, 'output') } } },
      default: {
        description: 'Refused, or failed',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function describeParams({ params = {} }: Route): readonly JsonObject[] {
  return Object.entries(params).map(([name, schema]) => ({
    name,
    in: 'path',
    required: true,
    schema: toSchema(schema, 'input'),
  }))
}

function describeQuery({ query }: Route): readonly JsonObject[] {
  const { properties = {} } = toSchema(query, 'input')
  return Object.entries(properties as JsonObject).map(([name, schema]) => ({ name, in: 'query', schema }))
}

function toSchema(schema: z.ZodMiniType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  // What is written here are schemas as JSON Schema has them, which is JSON.
  return rest as JsonObject
}
