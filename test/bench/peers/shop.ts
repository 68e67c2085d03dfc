import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer, type Wire } from './messages.ts'

/** A process that sells in each protocol under a path of its own, with canned answers. */
const wires: Readonly<Record<string, Wire>> = { '/x402-v2': 'x402 v2', '/x402-v1': 'x402 v1', '/MPP': 'MPP' }

const server = createServer((request, response) => {
  const [path = ''] = (request.url ?? '').split('?')
  const { status, headers, body } = answer(wires[path], (name) => request.headers[name])
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body)
})
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.on('disconnect', () => process.exit())
