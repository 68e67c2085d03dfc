import type { CallToolResult } from '@modelcontextprotocol/server'
import type { ToolAnswer } from 'stipend/tools'

/** Writes what a tool answers as MCP has it: as data, and as the same data in text for hosts that read no data. */
export function writeResult(answer: ToolAnswer): CallToolResult {
  const isError = answer.status !== 'ok' && answer.status !== 'waiting'
  return { structuredContent: { ...answer }, content: [{ type: 'text', text: JSON.stringify(answer) }], isError }
}
