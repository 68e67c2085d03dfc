import type { Network, Resource } from './types.js'

const transferOrigin = 'transfer:'

/** Names what is paid for when money is moved of the owner's own accord: no server asked for it. */
export function transferTo(network: Network, payTo: string): Resource {
  const url = `${transferOrigin}${network}/${payTo}`
  return Object.freeze({ url, method: 'TRANSFER', origin: transferOrigin, host: 'transfer' })
}

/** Tells whether nobody but the owner's own code asked for a payment. No URL that is fetched has this origin. */
export function isTransfer({ origin }: Pick<Resource, 'origin'>): boolean {
  return origin === transferOrigin
}

const actionOrigin = 'action:'

/** Names what is paid for when the wallet does something on chain: no server asked for it. */
export function actionOn(network: Network, action: string): Resource {
  const url = `${actionOrigin}${network}/${action}`
  return Object.freeze({ url, method: 'ACTION', origin: actionOrigin, host: 'action' })
}

/** Tells whether a payment is one of an action. No URL that is fetched has this origin. */
export function isAction({ origin }: Pick<Resource, 'origin'>): boolean {
  return origin === actionOrigin
}

/** Leaves out what can hold secrets, and what neither a ledger nor a listener has any use for. */
export function withoutQuery(resource: Resource): Resource {
  return { ...resource, url: resource.url.replace(/[?#].*$/s, '') }
}
