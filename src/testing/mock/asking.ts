import { pinnedAssets } from '../../assets/pinned.js'
import type { Entry } from '../server/wire.js'
import { type Asking, asking as askingFaults, type AskingFault } from './fault-asking.js'
import type { Mock402Fault } from './faults.js'
import { writeAsked } from './messages.js'
import type { Mock402Method } from './book.js'
import { offerFields } from './methods.js'
import type { Settings } from './read-options.js'

/** What asks for payments, and remembers what it has asked. */
export type MockAsking = {
  /** Every offer that was made. */
  readonly made: readonly Entry[]
  readonly ask: (request: Request, faults: readonly Mock402Fault[], change?: AskChange) => Response
  readonly reset: () => void
}

type AskChange = { readonly error?: string; readonly times?: bigint }

const payTo = '0x209693Bc6afc0C5328bA36FaF03C514EF312287C'
const solanaPayTo = '2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4'
const evm = 'eip155:84532'
const solana = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1'

/** Creates what asks. */
export function createAsking(settings: Settings): MockAsking {
  const made: Entry[] = []
  let round = 0
  return {
    made,
    ask: (request, names, { error = 'Payment required', times = 1n } = {}) => {
      const faults = names.flatMap((name): readonly AskingFault[] =>
        Object.hasOwn(askingFaults, name) ? [askingFaults[name as keyof typeof askingFaults]] : [],
      )
      const change = (offer: Entry): Entry =>
        faults.reduce<Entry>((one, fault) => fault.offer?.(one, round) ?? one, offer)
      const own = settings.methods.map((method) => change(offerFor(method, settings, times)))
      const offers = faults.reduce<readonly Entry[]>((list, fault) => fault.offers?.(list) ?? list, own)
      round += 1
      remember(made, own)
      const { protocols, extensions, clock } = settings
      const { headers, body } = writeAsked(protocols, { url: request.url, error, offers, extensions })
      const now = clock()
      headers.set('Date', new Date(now).toUTCString())
      const asked: Asking = { status: 402, headers, body: JSON.stringify(body), now }
      const {
        status,
        headers: sent,
        body: text,
      } = faults.reduce<Asking>((one, fault) => fault.answer?.(one) ?? one, asked)
      return new Response(text, { status, headers: sent })
    },
    reset: () => {
      made.length = 0
      round = 0
    },
  }
}

function offerFor(method: Mock402Method, { amount, maxTimeoutSeconds }: Settings, times: bigint): Entry {
  const network = method === 'solana' ? solana : evm
  const asset = pinnedAssets().find((one) => one.network === network && one.symbol === 'USDC')
  const { extra, ...fields } = offerFields[method]
  return {
    ...fields,
    network,
    asset: asset?.address,
    amount: String(amount * times),
    payTo: method === 'solana' ? solanaPayTo : payTo,
    maxTimeoutSeconds,
    extra: { ...asset?.eip712, ...(extra as Entry | undefined) },
  }
}

function remember(made: Entry[], offers: readonly Entry[]): void {
  for (const offer of offers) {
    const text = JSON.stringify(offer)
    const known = made.findIndex((one) => JSON.stringify(one) === text)
    // The newest stands last: what a v1 payment is for is told by that.
    if (known !== -1) made.splice(known, 1)
    made.push(offer)
  }
}
