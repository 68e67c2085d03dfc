import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { useState } from 'hono/jsx/dom'
import type { Act } from './dashboard.js'
import { fullInstant, span, usd } from './format.js'
import { Dialog, Empty, Labels, Meter, Section } from './parts.js'
import type { Limit, Session, State } from './types.js'

/** Who may spend, and how much is left of it. */
export function Sessions({ state, act }: { readonly state: State; readonly act: Act }): JSX.Element {
  const { sessions, now } = state
  const live = sessions.filter(({ isRevoked }) => !isRevoked)
  return (
    <Section id="sessions" title="Sessions" aside={<span class="count">{live.length}</span>}>
      {sessions.length === 0 && (
        <Empty title="No sessions">
          A session lets an agent spend within limits of its own; revoke it here at any time.
        </Empty>
      )}
      <ul class="grid">
        {sessions.map((session) => (
          <Item key={session.id} session={session} now={now} act={act} />
        ))}
      </ul>
    </Section>
  )
}

type Props = { readonly session: Session; readonly now: number; readonly act: Act }

function Item({ session, now, act }: Props): JSX.Element {
  const [isAsking, setAsking] = useState(false)
  const { id, labels, depth, expiresAt, isRevoked, isKnown, spent, payments, limits } = session
  const money = limits.filter(({ name }) => !isSingle(name))
  const revoke = (): void => {
    setAsking(false)
    void act(`DELETE /v1/sessions/${id}`, `Session ${id.slice(4, 12)} is revoked.`, {})
  }
  return (
    <li class={isRevoked ? 'card session over' : 'card session'}>
      <div class="head">
        <h3>
          <code title={id}>{id.slice(4, 12)}</code> <Labels labels={labels} />
        </h3>
        {isRevoked ? (
          <span class="status released">revoked</span>
        ) : (
          <button
            type="button"
            class="quiet"
            aria-label={`Revoke session ${id.slice(4, 12)}`}
            onClick={() => setAsking(true)}
          >
            Revoke
          </button>
        )}
      </div>
      <p class="muted">
        {usd(spent)} in {payments} {payments === 1 ? 'payment' : 'payments'} in 30 days
        {depth > 0 && ` · narrowed ${depth === 1 ? 'once' : `${depth} times`}`}
        {expiresAt !== undefined && <span title={fullInstant(expiresAt)}> · ends in {span(expiresAt - now)}</span>}
      </p>
      {!isKnown && !isRevoked && <p class="muted">What is left of it is known once its token is used here.</p>}
      {money.map((limit) => (
        <Left key={`${limit.name} ${limit.max}`} limit={limit} />
      ))}
      {isKnown && !isRevoked && money.length === 0 && <p class="muted">Only the limits of the wallet hold it.</p>}
      {isAsking && (
        <Dialog title="Revoke this session?" action="Revoke" onDone={revoke} onCancel={() => setAsking(false)}>
          It, and every session made from it, pays nothing from the next signature on. This cannot be taken back.
        </Dialog>
      )}
    </li>
  )
}

function Left({ limit }: { readonly limit: Limit }): JSX.Element {
  const { name, measure, used, max, left } = limit
  const write = (digits: string): string => (measure === 'microUsd' ? usd(digits) : digits)
  return (
    <div class="left">
      <p>
        <span>{name.replace(/^session's /, '')}</span>
        <span class="numbers">
          {write(left)} <span class="muted">of {write(max)} left</span>
        </span>
      </p>
      <Meter label={`${name}, used`} used={used} max={max} />
    </div>
  )
}

function isSingle(name: string): boolean {
  return /per-payment|without approval/.test(name)
}
