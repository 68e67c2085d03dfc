import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import { build } from 'esbuild'
import express from 'express'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { ConfigurationError } from '../../src/index.js'
import { createClient } from '../../src/client/index.js'
import { type Handler, serve, toNodeListener } from '../../adapters/http/index.js'
import { serve as listen } from '../../examples/support/http.ts'
import { masterPassword, openService, type Service } from '../support/service.ts'
import { rejection } from '../support/wallets.ts'

const url = 'https://shop.example.com/report'
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function start(server: Server): Promise<string> {
  const listening = await listen(server)
  closers.push(listening.close)
  return listening.url
}

const homes: Readonly<Record<string, (service: Service) => Promise<string>>> = {
  'stipend/http’s own server': async ({ handler }) => {
    const served = await serve(handler, { port: 0 })
    closers.push(served.close)
    return served.url
  },
  'node:http': ({ handler }) => start(createServer(toNodeListener(handler))),
  'Express, mounted': async ({ handler }) => {
    const app = express()
    app.use('/wallet', toNodeListener(handler))
    return `${await start(createServer(app))}/wallet`
  },
  'Hono, mounted': async ({ handler }) => {
    const app = new Hono()
    app.mount('/wallet', handler)
    return `${await start(createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false })))}/wallet`
  },
  'Hono, as a route of its own path': async () => {
    const { handler } = openService({ handler: { basePath: '/api/wallet' } })
    const app = new Hono()
    app.all('/api/wallet/*', ({ req }) => handler(req.raw))
    return `${await start(createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false })))}/api/wallet`
  },
}

describe('a handler', () => {
  test.each(Object.entries(homes))('pays in %s', async (_, home) => {
    const service = openService()
    const baseUrl = await home(service)
    const client = createClient({ baseUrl, sessionToken: await service.token() })
    const response = await client.x402Fetch(url, { method: 'POST', body: 'ünicode' })
    expect(response.status).toBe(200)
    expect(await client.getPayments()).toHaveLength(1)
    const health = await fetch(`${baseUrl}/health`)
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }])
    const document: unknown = await (await fetch(`${baseUrl}/openapi.json`)).json()
    expect(document).toMatchObject({ openapi: '3.1.0' })
    expect((await fetch(`${baseUrl}/nothing`)).status).toBe(404)
    expect((await fetch(`${baseUrl}/health`, { method: 'HEAD' })).status).toBe(405)
  })
})

describe('a middleware', () => {
  test('behind something that has read the body already takes no scope, and makes no session without one', async () => {
    const { handler, wallet } = openService()
    const app = express()
    app.use(express.json())
    app.use('/wallet', toNodeListener(handler))
    const at = `${await start(createServer(app))}/wallet/v1/sessions`
    const headers = { 'content-type': 'application/json', 'x-master-password': masterPassword }
    const body = JSON.stringify({ limits: { totalLimitUsd: '0.01' } })
    const answer = await fetch(at, { method: 'POST', headers, body })
    expect([answer.status, await answer.json()]).toMatchObject([400, { code: 'body_broken', moved: 'no' }])
    const chunked = { method: 'POST', headers, body: new Blob([body]).stream(), duplex: 'half' }
    expect((await fetch(at, chunked)).status).toBe(400)
    expect(await wallet.payments.list()).toEqual([])
  })
})

describe('the module', () => {
  test('loads nothing of Node until it serves, or hashes a password', async () => {
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL('../../adapters/http/index.ts', import.meta.url))],
      ...{ bundle: true, write: false, metafile: true, format: 'esm', platform: 'neutral', logLevel: 'silent' },
      mainFields: ['module', 'main'],
      external: ['node:*', 'stipend'],
    })
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
    const byKind = (kind: string) => imports.filter((one) => one.kind === kind).map(({ path }) => path)
    expect(new Set(byKind('import-statement'))).toEqual(
      new Set(['stipend', 'stipend/ledger', 'stipend/public-suffixes']),
    )
    expect(byKind('dynamic-import').toSorted()).toEqual(['node:crypto', 'node:http', 'node:https', 'node:stream'])
  })
})

describe('a server', () => {
  test.each(['0.0.0.0', '::', '192.0.2.1', 'wallet.example'])(
    'does not listen at %s without TLS, or a proxy that speaks it',
    async (host) => {
      expect(await rejection(serve(openService().handler, { port: 0, host }))).toBeInstanceOf(ConfigurationError)
    },
  )

  test('listens elsewhere when a proxy is said to speak TLS, and still answers only for names it knows', async () => {
    const { handler } = openService({ handler: { hosts: ['wallet.example'] } })
    const served = await serve(handler, { port: 0, host: '0.0.0.0', behindTlsProxy: true })
    closers.push(served.close)
    const port = Number(new URL(served.url).port)
    const asking = (host: string) => `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
    expect(await speak(port, asking('wallet.example'))).toMatch(/^HTTP\/1.1 200/)
    expect(await speak(port, asking('evil.example'))).toMatch(/^HTTP\/1.1 421/)
  })

  test.each([
    ['an absolute path', 'GET http://evil.example/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 400],
    ['two slashes', 'GET //evil.example/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 404],
    ['no Host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['a Host with a user', 'GET /health HTTP/1.1\r\nHost: 127.0.0.1@evil.example\r\n\r\n', 400],
    ['two Hosts', 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n', 400],
    ['the method TRACE', 'TRACE /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 400],
    ['dots in the path', 'GET /v1/../health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 200],
  ])('that is spoken to with %s answers it', async (_, text, status) => {
    const served = await serve(openService().handler, { port: 0 })
    closers.push(served.close)
    expect(await speak(Number(new URL(served.url).port), text)).toContain(`HTTP/1.1 ${status}`)
  })

  test('gives up a body that trickles in, and lets go of the connection', async () => {
    const service = openService({ handler: { maxBodySeconds: 1 } })
    const served = await serve(service.handler, { port: 0 })
    closers.push(served.close)
    const head = [
      'POST /v1/x402/fetch HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: Bearer ${await service.token()}`,
      'Content-Type: application/json',
      'Content-Length: 100',
    ]
    const heard = await speak(Number(new URL(served.url).port), `${head.join('\r\n')}\r\n\r\n{"url":`)
    expect(heard).toContain('HTTP/1.1 408')
    expect(heard).toContain('body_too_slow')
    expect(service.shop.keyStore.signed).toHaveLength(0)
  })

  test('outlives a handler that throws', async () => {
    const broken: Handler = async () => Promise.reject(new TypeError('broken'))
    const served = await serve(broken, { port: 0 })
    closers.push(served.close)
    expect(await rejection(fetch(`${served.url}/health`))).toBeInstanceOf(TypeError)
    expect(await rejection(fetch(`${served.url}/health`))).toBeInstanceOf(TypeError)
  })
})

/** Sends bytes, and hears what comes until the server ends, or has nothing more to say to a whole answer. */
function speak(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => {
      heard += chunk.toString()
      if (/\r\n\r\n[^]*\}$|\r\n\r\n$/.test(heard)) socket.end()
    })
    socket.once('close', () => resolve(heard))
    socket.once('error', (error) => (heard ? resolve(heard) : reject(error)))
  })
}
