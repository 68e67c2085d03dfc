import { PaymentDeniedError } from 'stipend'
import { sha256Hex } from '../../src/lib/sha256.js'
import { listTools, type McpCallOptions, type McpClient, type ToolDefinition } from './client.js'
import { comparableJson } from './comparable-json.js'

/** A paid tool that is not what it was when it was first seen. */
export type ToolChange = {
  /** The URL that stands for the tool. */
  readonly url: string
  readonly tool: string
  /** What the server says of it now: data, never instructions. */
  readonly definition: ToolDefinition
}

/** What a server's tools were when they were first seen. */
export type Definitions = {
  /** Remembers those that are new. */
  readonly note: (tools: readonly ToolDefinition[]) => void
  /**
   * Answers a tool as the server has it now, and its digest.
   *
   * @throws PaymentDeniedError when it is not the one that was first seen, and nobody agrees to that.
   */
  readonly agreeOn: (
    tool: string,
    url: string,
    options: McpCallOptions,
  ) => Promise<{ readonly definition: ToolDefinition; readonly digest: string }>
}

/** Remembers tools by what their server says of them, so that one which is changed later is not paid as if it were not. */
export function rememberDefinitions(
  client: McpClient,
  onToolChanged: ((change: ToolChange) => boolean | Promise<boolean>) | undefined,
): Definitions {
  const known = new Map<string, string>()
  return {
    note: (tools) => {
      for (const tool of tools) if (!known.has(tool.name)) known.set(tool.name, digestOf(tool) ?? '')
    },
    agreeOn: async (tool, url, options) => {
      const [definition, ...others] = (await listTools(client, options)).filter(({ name }) => name === tool)
      if (!definition) throw denied('the server does not list it')
      if (others.length > 0) throw denied('the server lists more than one of its name')
      const digest = digestOf(definition)
      if (digest === undefined) throw denied('what the server says of it is too long or too deep')
      const isKnown = (known.get(tool) ?? digest) === digest
      if (!isKnown && !(await isAgreed(onToolChanged, { url, tool, definition }))) {
        throw denied('it is not what it was when it was first seen')
      }
      known.set(tool, digest)
      return { definition, digest }
    },
  }
}

/** A handler that throws has not agreed. */
async function isAgreed(
  onToolChanged: ((change: ToolChange) => boolean | Promise<boolean>) | undefined,
  change: ToolChange,
): Promise<boolean> {
  try {
    return (await onToolChanged?.(change)) === true
  } catch {
    return false
  }
}

function digestOf({
  name,
  title,
  description,
  inputSchema,
  outputSchema,
  annotations,
}: ToolDefinition): string | undefined {
  const text = comparableJson({ name, title, description, inputSchema, outputSchema, annotations })
  return text === undefined ? undefined : sha256Hex(text)
}

function denied(reason: string): PaymentDeniedError {
  return new PaymentDeniedError([{ rule: 'tool', reason }])
}
