import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server'
import * as z from 'zod/mini'

/**
 * Describes to a host what a tool takes or answers. What does not fit is left to the tool, which says so in a result of
 * its own; the server's message would be another one.
 */
export function describeSchema(schema: z.ZodMiniType): StandardSchemaWithJSON<unknown, unknown> {
  const write = (io: 'input' | 'output') => (): Record<string, unknown> => ({ ...z.toJSONSchema(schema, { io }) })
  return {
    '~standard': {
      version: 1,
      vendor: 'stipend',
      validate: (value) => ({ value }),
      jsonSchema: { input: write('input'), output: write('output') },
    },
  }
}
