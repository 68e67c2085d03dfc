import { mock402, type Mock402 } from './mock402.js'
import type { Mock402Options } from './options.js'

/** The part of msw that is called: `http`, of any version that has it. */
export type MswHttp<handler> = {
  readonly all: (path: string, resolve: (info: { readonly request: Request }) => Promise<Response>) => handler
}

/**
 * Creates the handlers of msw that sell at these URLs, each by a mock server or by the options of one; a server that drops
 * the connection is a network error.
 *
 * @example
 * ```ts
 * import { http } from 'msw'
 * import { setupServer } from 'msw/node'
 * import { mockHandlers } from 'stipend/testing'
 *
 * const network = setupServer(...mockHandlers(http, { 'https://shop.example/report': { price: '$0.02' } }))
 * network.listen()
 * ```
 */
export function mockHandlers<handler>(
  http: MswHttp<handler>,
  shops: Readonly<Record<string, Mock402 | Mock402Options>>,
): readonly handler[] {
  return Object.entries(shops).map(([url, shop]) => {
    const server = typeof shop === 'function' ? shop : mock402(shop)
    return http.all(url, ({ request }) => server(request).catch(() => Response.error()))
  })
}
