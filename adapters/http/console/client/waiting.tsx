import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { useState } from 'hono/jsx/dom'
import type { Act } from './dashboard.js'
import { fullInstant, instant, networkName, short, span, units, usd } from './format.js'
import { Empty, Labels, Section } from './parts.js'
import type { Approval, State } from './types.js'

/** What waits for the owner, the oldest first, so that nothing moves under the pointer when more comes. */
export function Waiting({ state, act }: { readonly state: State; readonly act: Act }): JSX.Element {
  const { approvals, now } = state
  return (
    <Section id="waiting" title="Waits for you" aside={<span class="count">{approvals.length}</span>}>
      {approvals.length === 0 && (
        <Empty title="Nothing waits for you">A payment that needs your word appears here, and its agent waits.</Empty>
      )}
      <ul class="stack">
        {approvals.map((approval) => (
          <Request key={approval.id} approval={approval} now={now} act={act} />
        ))}
      </ul>
    </Section>
  )
}

type Props = { readonly approval: Approval; readonly now: number; readonly act: Act }

function Request({ approval, now, act }: Props): JSX.Element {
  const [isBusy, setBusy] = useState(false)
  const { id, kind, microUsd, amount, asset, resource, payTo, reason, labels } = approval
  const what = `${usd(microUsd)} to ${resource.host}`
  const decide = async (verb: 'approve' | 'deny', said: string): Promise<void> => {
    setBusy(true)
    await act(`POST /v1/approvals/${id}/${verb}`, `${said}: ${what}`, {})
    setBusy(false)
  }
  const ends = approval.executableAt ?? approval.expiresAt
  return (
    <li class="card request">
      <div class="sum">
        <p class="big">{usd(microUsd)}</p>
        <p class="muted">
          {units(amount, asset)} · {networkName(asset.network)}
        </p>
      </div>
      <div class="what">
        <p class="strong">{resource.host}</p>
        <p class="url">
          {resource.method} {resource.url}
        </p>
        <p>{reason}</p>
        <p class="meta">
          <Labels labels={labels} />
          <span title={payTo}>to {short(payTo)}</span>
          <span title={fullInstant(approval.requestedAt)}>
            asked {now - approval.requestedAt < 5000 ? 'just now' : `${span(now - approval.requestedAt)} ago`}
          </span>
          <span title={fullInstant(ends)}>
            {kind === 'delay' ? 'goes through from' : 'until'} {instant(ends, now)}
          </span>
        </p>
      </div>
      <div class="actions">
        <button
          type="button"
          disabled={isBusy}
          onClick={() => void decide('deny', 'Denied')}
          aria-label={`Deny ${what}`}
        >
          {kind === 'delay' ? 'Cancel' : 'Deny'}
        </button>
        {kind === 'approval' && (
          <button
            type="button"
            class="primary"
            disabled={isBusy}
            onClick={() => void decide('approve', 'Approved')}
            aria-label={`Approve ${what}`}
          >
            Approve
          </button>
        )}
      </div>
    </li>
  )
}
