import { pause } from '../../lib/deadline.js'
import { callerSees } from './caller.js'
import type { World } from './world.js'

/** Answers what the caller saw. */
export type Call = (pay: typeof globalThis.fetch, world: World) => Promise<string>

export const url = 'https://shop.example/report'
export const buy: Call = (pay) => callerSees(() => pay(url))
export const buyOther =
  (round: number): Call =>
  (pay) =>
    callerSees(() => pay(`${url}?page=${round}`))

/** Gives up once its payment is settled. */
export const hanging: Call = (pay, { shop }) => {
  const patience = new AbortController()
  const giveUp = async (): Promise<void> => {
    for (let waits = 0; shop.settlements.length === 0 && waits < 500; waits += 1) await pause(2)
    patience.abort()
  }
  return Promise.all([callerSees(() => pay(url, { signal: patience.signal })), giveUp()]).then(([saw]) => saw)
}

export const body = '{"question":"how will the weather be?"}'
export const header = 'agent 7'
export const post: { readonly method: string; readonly body: string; readonly headers: Record<string, string> } = {
  method: 'POST',
  body,
  headers: { 'x-agent': header, 'content-type': 'application/json' },
}
export const streamed = (): RequestInit =>
  ({
    ...post,
    body: new Blob([body]).stream(),
    duplex: 'half',
  }) as RequestInit
