export type {
  McpCallOptions,
  McpClient,
  McpRequest,
  ResultSchema,
  ToolCallParams,
  ToolDefinition,
  ToolResult,
} from './client.js'
export type { ToolChange } from './definitions.js'
export { createMcpServer, type McpServerOptions } from './server.js'
export { getToolPayment } from './tool-transport.js'
export {
  type PayingMcpClient,
  type PayingToolOptions,
  withPayments,
  type WithPaymentsOptions,
} from './with-payments.js'
