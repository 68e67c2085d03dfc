import type { McpServer } from '@modelcontextprotocol/server'
import type { RuleJSON } from 'stipend'
import type { PaymentTools } from 'stipend/tools'

const mimeType = 'application/json'

type Shown = { readonly tools: PaymentTools; readonly rules: readonly RuleJSON[] | undefined }

/** Registers what a host can show without a call of a tool. */
export function registerResources(server: McpServer, { tools, rules }: Shown): void {
  const show = (name: string, description: string, read: () => Promise<unknown>): void => {
    server.registerResource(name, `stipend://${name}`, { description, mimeType }, async ({ href }) => ({
      contents: [{ uri: href, mimeType, text: JSON.stringify(await read()) }],
    }))
  }
  show('budget', 'What can still be spent under each limit.', () => tools.budget.execute({}))
  show('payments', 'The latest payments, and where each stands.', () => tools.payments.execute({}))
  if (rules) show('policy', "The owner's rules.", async () => ({ rules }))
}
