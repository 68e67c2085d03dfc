import { ConfigurationError } from 'stipend'
import type { A2AClient } from './client.js'

/**
 * Names what is paid for when an agent is: the URL that the client sends its messages to. What an agent's card says of
 * itself plays no part.
 *
 * @throws ConfigurationError when there is none, or the owner names another.
 */
export function agentUrl({ transport }: A2AClient, agent: string | undefined): string {
  const reached = urlOf(Reflect.get(transport ?? {}, 'endpoint'))
  const named = agent === undefined ? undefined : urlOf(agent)
  if (agent !== undefined && !named)
    throw new ConfigurationError('Failed to read agent: expected the http or https URL that its messages are sent to')
  if (reached && named && reached !== named)
    throw new ConfigurationError('Failed to read agent: the client sends its messages to another URL', {
      details: [`agent is ${named}`, `messages are sent to ${reached}`],
    })
  const url = reached ?? named
  if (url) return url
  throw new ConfigurationError('Failed to name the agent: its transport has no URL', {
    details: ["Name it, as in { agent: 'https://agent.example.com/a2a' }."],
  })
}

/** The place alone: the rest of a URL says nothing of who is paid. */
function urlOf(text: unknown): string | undefined {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  return url && isWeb && url.username === '' && url.password === '' ? `${url.origin}${url.pathname}` : undefined
}
