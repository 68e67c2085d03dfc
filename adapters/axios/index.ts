import {
  type AgentWallet,
  ConfigurationError,
  getPayment,
  isStipendError,
  type ResponsePayment,
  type Session,
} from 'stipend'

/** As much of axios, or of an instance of it, as is called. */
export type AxiosLike = {
  readonly create: (config: PayingConfig) => {
    readonly interceptors: {
      readonly response: { readonly use: (onFulfilled: undefined, onRejected: (error: unknown) => never) => unknown }
    }
  }
}

/** What makes an instance of axios pay: its fetch adapter, over a fetch that pays. */
export type PayingConfig = { readonly adapter: 'fetch'; readonly env: { readonly fetch: typeof fetch } }

const payments = new WeakMap<Request, ResponsePayment>()

/**
 * Makes an instance of axios that answers a 402 by paying it, once, under the rules of a wallet or a session. It has the
 * defaults of the one that it is made from, and interceptors of its own; it sends through axios' fetch adapter, so that
 * agents and proxies of Node do not apply. What a payment fails with is thrown as it is, not inside an `AxiosError`.
 *
 * Options for the payment go where options for fetch go: `{ fetchOptions: { payment: { key, maxUsd } } }`.
 *
 * @example
 * ```ts
 * import axios from 'axios'
 * import type { AgentWallet } from 'stipend'
 * import { getAxiosPayment, wrapAxios } from 'stipend/axios'
 *
 * declare const wallet: AgentWallet
 * const api = wrapAxios(axios.create({ baseURL: 'https://api.example.com' }), wallet)
 * const response = await api.get('/report')
 * console.log(response.data, getAxiosPayment(response)?.receipt?.transaction)
 * ```
 */
export function wrapAxios<axios extends AxiosLike>(
  instance: axios,
  owner: Pick<AgentWallet | Session, 'fetch'>,
): ReturnType<axios['create']> {
  if (typeof Object(instance).create !== 'function') {
    throw new ConfigurationError('Failed to read wrapAxios: expected axios, or what axios.create() made')
  }
  if (typeof Object(owner).fetch !== 'function') {
    throw new ConfigurationError('Failed to read wrapAxios: expected a wallet or a session after axios')
  }
  const pay: typeof fetch = async (input, init) => {
    const response = await owner.fetch(input, init)
    const payment = getPayment(response)
    if (payment && input instanceof Request) payments.set(input, payment)
    return response
  }
  const paying = instance.create({ adapter: 'fetch', env: { fetch: pay } })
  paying.interceptors.response.use(undefined, (error) => {
    throw causeOf(error)
  })
  return paying as ReturnType<axios['create']>
}

/** Answers the payment that a response of axios was bought with, or `undefined` when it was not paid for. */
export function getAxiosPayment({ request }: { readonly request?: unknown }): ResponsePayment | undefined {
  return request instanceof Request ? payments.get(request) : undefined
}

/** axios wraps what its fetch throws. */
function causeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  return isStipendError(cause) ? cause : error
}
