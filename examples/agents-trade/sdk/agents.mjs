/**
 * An agent that sells, by the official SDK of A2A and x402's extension of it, and the SDK's own client. Loaded once the SDK is
 * there, which the example sees to.
 */
import { createServer } from 'node:http'
import { ClientFactory, JsonRpcTransportFactory } from '@a2a-js/sdk/client'
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server'
import { agentCardHandler, jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import express from 'express'

const uri = 'https://github.com/google-agentic-commerce/a2a-x402/blob/main/spec/v0.2'
const roles = { user: 1, agent: 2 }
const states = { completed: 3, failed: 4, inputRequired: 6 }

const textPart = (value) => ({
  content: { $case: 'text', value },
  metadata: undefined,
  filename: '',
  mediaType: 'text/plain',
})

/** What a task answers to a message: a state, and what x402 says of its payment. */
function taskOf({ taskId, contextId, task, userMessage }, state, metadata, artifacts = []) {
  const about = { messageId: crypto.randomUUID(), taskId, contextId, role: roles.agent, extensions: [uri] }
  const message = { ...about, parts: [], metadata, referenceTaskIds: [] }
  const status = { state, message, timestamp: new Date().toISOString() }
  return { id: taskId, contextId, status, artifacts, history: task?.history ?? [userMessage], metadata: {} }
}

/** Asks for a payment, and works once it is verified and settled. */
async function answer(context, { endpoint, requirements, facilitator, work }) {
  const payload = context.userMessage.metadata?.['x402.payment.payload']
  if (!payload) {
    const resource = { url: endpoint }
    const required = { x402Version: 2, error: 'Payment required', resource, accepts: [requirements] }
    const metadata = { 'x402.payment.status': 'payment-required', 'x402.payment.required': required }
    return taskOf(context, states.inputRequired, metadata)
  }
  const verified = await facilitator.verify(payload, requirements)
  const unsettled = {
    success: false,
    errorReason: verified.invalidReason,
    transaction: '',
    network: requirements.network,
  }
  const receipt = verified.isValid ? await facilitator.settle(payload, requirements) : unsettled
  const receipts = { 'x402.payment.receipts': [receipt] }
  if (!receipt.success) return taskOf(context, states.failed, { 'x402.payment.status': 'payment-failed', ...receipts })
  const [question] = context.task?.history ?? [context.userMessage]
  const text = await work(textOf(question.parts))
  const artifact = { artifactId: 'answer', name: 'answer', description: '', metadata: undefined, extensions: [] }
  const artifacts = [{ ...artifact, parts: [textPart(text)] }]
  return taskOf(context, states.completed, { 'x402.payment.status': 'payment-completed', ...receipts }, artifacts)
}

/** Starts an agent on loopback. `protocolVersion` is what its card says that it speaks. */
export async function startAgent({ name, requirements, facilitator, work, protocolVersion = '1.0' }) {
  const app = express()
  const server = createServer(app)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}`
  const endpoint = `${url}/a2a`
  let sales = 0
  const shop = { endpoint, requirements, facilitator, work: (question) => (sales += 1) && work(question) }
  const executor = {
    execute: async (context, bus) => {
      bus.publish(AgentEvent.task(await answer(context, shop)))
      bus.finished()
    },
    cancelTask: async () => {},
  }
  const requestHandler = new DefaultRequestHandler(
    cardOf(name, endpoint, protocolVersion),
    new InMemoryTaskStore(),
    executor,
  )
  const userBuilder = UserBuilder.noAuthentication
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler }))
  app.use('/a2a', jsonRpcHandler({ requestHandler, userBuilder, legacyCompat: { enabled: true } }))
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { url, endpoint, sales: () => sales, close }
}

function cardOf(name, url, protocolVersion) {
  const extensions = [{ uri, description: 'takes payments by x402', required: true, params: undefined }]
  return {
    name,
    description: `${name} answers for money`,
    version: '1.0.0',
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion, tenant: '' }],
    capabilities: { streaming: false, pushNotifications: false, extensions },
    provider: undefined,
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
    signatures: [],
  }
}

/** Opens the SDK's client of an agent, by what the agent's card says. */
export function openClient(url) {
  const transports = [new JsonRpcTransportFactory({ legacyCompat: { enabled: true } })]
  return new ClientFactory({ transports }).createFromUrl(url)
}

/** A question, as the SDK's client takes it. */
export function question(text) {
  const about = { messageId: crypto.randomUUID(), contextId: '', taskId: '', role: roles.user }
  const message = { ...about, parts: [textPart(text)], metadata: undefined, extensions: [], referenceTaskIds: [] }
  return { tenant: '', message, configuration: undefined, metadata: undefined }
}

/** The text of a message's, or an artifact's, parts. */
export function textOf(parts) {
  return parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join(' ')
}
