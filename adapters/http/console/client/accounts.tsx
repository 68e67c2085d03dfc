import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { useEffect, useState } from 'hono/jsx/dom'
import { call, type Outcome } from './api.js'
import { networkName, units, usd } from './format.js'
import { Empty, Section } from './parts.js'
import type { Balance, Funds, State } from './types.js'

const everyMs = 30_000

/** Where the wallet is funded, what it holds there, and what is missing. */
export function Accounts({ state }: { readonly state: State }): JSX.Element {
  const [funds, setFunds] = useState<Funds | undefined>(undefined)
  const newest = state.payments[0]?.id
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const read = async (): Promise<void> => {
      const read = await readFunds()
      if (isOver) return
      setFunds(read)
      timer = setTimeout(() => void start(), everyMs)
    }
    const start = (): Promise<void> => read()
    void start()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [newest])
  return (
    <Section id="accounts" title="Addresses and balances">
      {!funds && <p class="muted">Asking the chains …</p>}
      {funds?.problem !== undefined && (
        <p class="banner warn" role="alert">
          Balances could not be read: {funds.problem}
        </p>
      )}
      {funds?.addresses.length === 0 && (
        <Empty title="No address">The key store has no key for any known network.</Empty>
      )}
      <ul class="grid">
        {funds &&
          byAddress(funds).map(([address, networks]) => (
            <Account key={address} address={address} networks={networks} funds={funds} />
          ))}
      </ul>
    </Section>
  )
}

async function readFunds(): Promise<Funds> {
  const [held, known] = await Promise.all([
    call<Pick<Funds, 'balances'>>('GET /v1/wallet/balance'),
    call<Pick<Funds, 'addresses'>>('GET /v1/wallet/address'),
  ])
  const problem = problemOf(held) ?? problemOf(known)
  return {
    balances: held.ok ? held.answer.balances : [],
    addresses: known.ok ? known.answer.addresses : [],
    ...(problem !== undefined && { problem }),
  }
}

function problemOf(outcome: Outcome<unknown>): string | undefined {
  return outcome.ok ? undefined : outcome.problem
}

/** An address of one family is the same on many networks. */
function byAddress({ addresses }: Funds): readonly (readonly [string, readonly string[]])[] {
  const found = new Map<string, string[]>()
  for (const { network, address } of addresses) found.set(address, [...(found.get(address) ?? []), network])
  return [...found]
}

type Props = { readonly address: string; readonly networks: readonly string[]; readonly funds: Funds }

function Account({ address, networks, funds }: Props): JSX.Element {
  const [isCopied, setCopied] = useState(false)
  const own = funds.balances.filter((balance) => balance.address === address)
  const asked = [...new Set(own.map(({ network }) => network))]
  const unasked = networks.filter((network) => !asked.includes(network))
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(address).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  }
  return (
    <li class="card account">
      <div class="head">
        <code class="address">{address}</code>
        <button type="button" class="quiet" onClick={() => void copy()} aria-label={`Copy address ${address}`}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      </div>
      {asked.map((network) => (
        <Holdings key={network} network={network} balances={own.filter((one) => one.network === network)} />
      ))}
      {unasked.length > 0 && (
        <p class="muted">
          {asked.length > 0 ? 'Also on ' : 'On '}
          {list(unasked.map(networkName))}. No chain is configured there, so balances are not known.
        </p>
      )}
    </li>
  )
}

function Holdings({
  network,
  balances,
}: {
  readonly network: string
  readonly balances: readonly Balance[]
}): JSX.Element {
  const held = balances.filter(({ amount }) => amount !== '0')
  const symbols = [...new Set(balances.map(({ symbol }) => symbol))]
  return (
    <div class="holdings">
      <h3>{networkName(network)}</h3>
      {held.length === 0 && (
        <p class="missing">
          Nothing here: payments on this network cannot be made. Send {list(symbols.slice(0, 3), 'or')} to the address
          above.
        </p>
      )}
      {held.map(({ symbol, amount, microUsd, decimals }) => (
        <p class="line" key={symbol}>
          <span>{units(amount, { symbol, decimals })}</span>
          <span class="numbers">{usd(microUsd)}</span>
        </p>
      ))}
    </div>
  )
}

function list(words: readonly string[], last = 'and'): string {
  if (words.length <= 2) return words.join(` ${last} `)
  const [first = '', second = ''] = words
  return words.length <= 4
    ? `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
    : `${first}, ${second} and ${words.length - 2} more networks`
}
