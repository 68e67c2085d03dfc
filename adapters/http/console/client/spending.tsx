import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { instant, share, usd, utcDay } from './format.js'
import { Meter, Section } from './parts.js'
import type { Limit, State } from './types.js'

/** What was spent, against what may be. */
export function Spending({ state }: { readonly state: State }): JSX.Element {
  const { spent, limits, now } = state
  const money = limits.filter(({ measure, scope }) => measure === 'microUsd' && scope === 'wallet')
  const find = (word: RegExp): Limit | undefined => tightest(money.filter(({ name }) => word.test(name)))
  const shown = limits.filter(isWorthALine)
  return (
    <Section id="spending" title="Spending" aside={<span class="muted">days are those of UTC</span>}>
      <div class="tiles">
        <Tile title="Today" spent={spent.today} limit={find(/daily/)} />
        <Tile title="This month" spent={spent.month} limit={find(/monthly/)} />
        <Days spent={spent} limit={find(/daily/)} />
      </div>
      {shown.length > 0 && (
        <div class="card">
          <h3>Limits</h3>
          <ul class="limits">
            {shown.map((limit) => (
              <Line key={`${limit.scope} ${limit.name} ${limit.max}`} limit={limit} now={now} />
            ))}
          </ul>
        </div>
      )}
    </Section>
  )
}

/** Of limits over the same time, the one that ends first. */
function tightest(limits: readonly Limit[]): Limit | undefined {
  return limits.reduce<Limit | undefined>(
    (found, one) => (found && BigInt(found.left) <= BigInt(one.left) ? found : one),
    undefined,
  )
}

/** What holds up floods and failures is told once it is half full. */
function isWorthALine({ measure, used, max }: Limit): boolean {
  return measure === 'microUsd' || measure === 'count' || share(used, max) >= 0.5
}

type TileProps = { readonly title: string; readonly spent: string; readonly limit: Limit | undefined }

function Tile({ title, spent, limit }: TileProps): JSX.Element {
  return (
    <div class="card tile">
      <h3>{title}</h3>
      <p class="big">{usd(spent)}</p>
      {limit ? (
        <>
          <Meter label={`${limit.name}, used`} used={limit.used} max={limit.max} />
          <p class="muted">
            {usd(limit.left)} left of {usd(limit.max)}
          </p>
        </>
      ) : (
        <p class="muted">no limit over this time</p>
      )}
    </div>
  )
}

const [wide, high] = [600, 132]

/** Draws each of the last days as a bar, and the daily limit as a line where a bar comes near it. */
function Days({ spent, limit }: { readonly spent: State['spent']; readonly limit: Limit | undefined }): JSX.Element {
  const { days } = spent
  const most = days.reduce((top, { microUsd }) => (BigInt(microUsd) > top ? BigInt(microUsd) : top), 0n)
  const max = limit ? BigInt(limit.max) : 0n
  const isLimitShown = max > 0n && most * 3n >= max
  const top = isLimitShown && max > most ? max : most
  const heightOf = (microUsd: bigint): number => (top === 0n ? 0 : Number((microUsd * BigInt(high - 8)) / top))
  const step = wide / days.length
  const summary = `Spent on each of the last ${days.length} days, at most ${usd(String(most))} on one`
  return (
    <div class="card days">
      <h3>Last {days.length} days</h3>
      <svg viewBox={`0 0 ${wide} ${high}`} role="img" aria-label={summary}>
        {days.map(({ at, microUsd }, index) => {
          const height = Math.max(heightOf(BigInt(microUsd)), microUsd === '0' ? 2 : 4)
          const part = { x: index * step + 2, y: high - height, width: step - 4, height, rx: 2 }
          return (
            <rect key={String(at)} class={microUsd === '0' ? 'none' : 'bar'} {...part}>
              <title>{`${utcDay(at)}: ${usd(microUsd)}`}</title>
            </rect>
          )
        })}
        {isLimitShown && (
          <line class="limit" x1="0" x2={String(wide)} y1={high - heightOf(max)} y2={high - heightOf(max)} />
        )}
      </svg>
      <p class="axis muted">
        <span>{days[0] && utcDay(days[0].at)}</span>
        <span>
          {most === 0n ? 'nothing was spent' : `most: ${usd(String(most))}`}
          {isLimitShown && `, line: ${usd(String(max))}`}
        </span>
        <span>today</span>
      </p>
    </div>
  )
}

/** A limit on single payments fills by nothing: it is a fact, not a meter. */
function Line({ limit, now }: { readonly limit: Limit; readonly now: number }): JSX.Element {
  const { name, scope, measure, max, used, left, freesAt } = limit
  const write = (digits: string): string => (measure === 'microUsd' ? usd(digits) : digits)
  const isSingle = /per-payment|without approval/.test(name)
  return (
    <li>
      <span class="name">
        {name}
        {scope !== 'wallet' && !name.includes(scope.slice(scope.indexOf(':') + 1)) && (
          <span class="muted"> · {scope.replace(':', ' ')}</span>
        )}
      </span>
      {isSingle ? <span class="bar" /> : <Meter label={`${name}, used`} used={used} max={max} />}
      <span class="numbers">{isSingle ? write(max) : `${write(used)} of ${write(max)}`}</span>
      <span class="muted left">
        {isSingle ? 'each' : `${write(left)} left`}
        {freesAt !== undefined && used !== '0' && `, more at ${instant(freesAt, now)}`}
      </span>
    </li>
  )
}
