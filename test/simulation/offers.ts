import type { Chance } from './chance.ts'
import { contracts } from './permit2.ts'
import { devnetUsdc, feePayer, solanaDevnet } from './solana-parties.ts'

export const network = 'eip155:84532'

/** By what a payment moves. */
export type Rail = 'token' | 'permit2' | 'solana' | 'lightning'

/** Who pays the gas of permits: nobody, or a shop that names what it would like to be permitted. */
export type Sponsoring = 'not' | 'fairly' | 'greedily'

export type Terms = {
  readonly path: string
  readonly amount: bigint
  readonly payTo: string
  readonly rail: Exclude<Rail, 'lightning'>
  readonly sponsoring: Sponsoring
  readonly seconds: number
  /** Unix milliseconds that the answer says it is. */
  readonly date: number | undefined
}

const evmToken = { network, asset: contracts.token, extra: { name: 'USDC', version: '2' } }
const tokens: Readonly<Record<Exclude<Rail, 'lightning'>, object>> = {
  token: evmToken,
  permit2: { ...evmToken, extra: { ...evmToken.extra, assetTransferMethod: 'permit2' } },
  solana: { network: solanaDevnet, asset: devnetUsdc, extra: { feePayer } },
}

/** Picks how something that is sold is mostly paid. */
export function pickRail(rails: readonly Rail[], chance: Chance): Rail {
  return rails.length > 0 && chance.is(0.6) ? chance.pick(rails) : 'token'
}

/** What is asked besides a price; now and then the token is to move in another way than before. */
export function pickTerms(
  usual: Terms['rail'],
  rails: readonly Rail[],
  chance: Chance,
): Pick<Terms, 'rail' | 'sponsoring' | 'seconds'> {
  const isOther = usual !== 'solana' && rails.includes('permit2') && chance.is(0.1)
  const rail = isOther ? (usual === 'token' ? 'permit2' : 'token') : usual
  return {
    rail,
    sponsoring: rail === 'permit2' ? chance.pick(['not', 'fairly', 'fairly', 'fairly', 'greedily']) : 'not',
    seconds: chance.pick([9, 60, 60, 60, 300]),
  }
}

/** Answers that something has to be paid. */
export function ask({ path, amount, payTo, rail, sponsoring, seconds, date }: Terms): Response {
  const entry = { scheme: 'exact', ...tokens[rail], amount: amount.toString(), payTo, maxTimeoutSeconds: seconds }
  const resource = { url: `https://shop.example${path}` }
  const extensions = sponsoring === 'not' ? {} : { extensions: { eip2612GasSponsoring: declare(sponsoring) } }
  const required = { x402Version: 2, error: 'Payment required', resource, accepts: [entry], ...extensions }
  const dated = date === undefined ? undefined : { date: new Date(date).toUTCString() }
  return new Response('{}', { status: 402, headers: { 'payment-required': encode(required), ...dated } })
}

function declare(sponsoring: Sponsoring): unknown {
  const info = { description: 'gas is paid', version: '1' }
  const wish = {
    amount: '1000000000000',
    spender: '0x000000000000000000000000000000000000bEEF',
    deadline: '99999999999',
  }
  return { info: sponsoring === 'greedily' ? { ...info, ...wish } : info, schema: {} }
}

export function encode(message: unknown): string {
  return btoa(JSON.stringify(message))
}
