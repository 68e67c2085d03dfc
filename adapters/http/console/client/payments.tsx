import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { useState } from 'hono/jsx/dom'
import { call, download } from './api.js'
import { fullInstant, instant, networkName, short, units, usdColumn } from './format.js'
import { Empty, Labels, Section, Status, statusWords } from './parts.js'
import type { Payment, State } from './types.js'

/** How many rows are shown before somebody asks for more. */
const firstRows = 10
const moreRows = 40

type Page = { readonly payments: readonly Payment[]; readonly isAll: boolean }

/** What was paid, newest first, to be searched and taken home. */
export function Payments({ state }: { readonly state: State }): JSX.Element {
  const [older, setOlder] = useState<Page>({ payments: [], isAll: false })
  const [words, setWords] = useState('')
  const [status, setStatus] = useState('')
  const [problem, setProblem] = useState('')
  const [rows, setRows] = useState(firstRows)
  const all = join(state.payments, older.payments)
  const found = all.filter((payment) => (status === '' || payment.status === status) && matches(payment, words))
  const isAll = state.isAll || older.isAll
  const isCut = found.length > rows
  const more = async (): Promise<void> => {
    setRows(rows + moreRows)
    if (isCut) return
    const outcome = await call<Page>(`GET /payments?before=${all.at(-1)?.id ?? ''}`)
    if (outcome.ok) setOlder({ ...outcome.answer, payments: join(older.payments, outcome.answer.payments) })
    setProblem(outcome.ok ? '' : outcome.problem)
  }
  const take = async (): Promise<void> => {
    const outcome = await call<{ readonly csv: string }>('GET /export')
    if (outcome.ok) download('stipend-payments.csv', outcome.answer.csv)
    setProblem(outcome.ok ? '' : outcome.problem)
  }
  return (
    <Section id="payments" title="Payments">
      <div class="tools" role="search">
        <input
          type="search"
          placeholder="Search host, path, label, id"
          aria-label="Search payments"
          value={words}
          onInput={(event: Event) => setWords((event.target as HTMLInputElement).value)}
        />
        <select aria-label="State" onInput={(event: Event) => setStatus((event.target as HTMLSelectElement).value)}>
          <option value="">every state</option>
          {statusWords.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
        <button type="button" onClick={() => void take()}>
          Export CSV
        </button>
      </div>
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {all.length === 0 && <Empty title="No payments yet">The first one appears here as soon as it is signed.</Empty>}
      {all.length > 0 && found.length === 0 && (
        <Empty title="Nothing matches">
          {isAll ? 'Try fewer words, or another state.' : 'Only the payments below were searched: load older ones.'}
        </Empty>
      )}
      {found.length > 0 && <Table payments={found.slice(0, rows)} now={state.now} />}
      <p class="foot muted">
        <span aria-live="polite">
          {Math.min(rows, found.length)} of {found.length}
          {isAll ? '' : '+'}
        </span>
        {(isCut || !isAll) && (
          <button type="button" class="quiet" onClick={() => void more()}>
            Show more
          </button>
        )}
      </p>
    </Section>
  )
}

/** What is loaded twice is shown once, as it stands in the first. */
function join(first: readonly Payment[], second: readonly Payment[]): readonly Payment[] {
  const known = new Set(first.map(({ id }) => id))
  return [...first, ...second.filter(({ id }) => !known.has(id))]
}

function matches({ id, resource, labels, payTo, asset, status, receipt }: Payment, words: string): boolean {
  const text = [id, resource.method, resource.url, payTo, asset.symbol, networkName(asset.network), status]
  const all = [...text, ...Object.entries(labels).flat(), receipt?.transaction ?? ''].join(' ').toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word))
}

function Table({ payments, now }: { readonly payments: readonly Payment[]; readonly now: number }): JSX.Element {
  const write = usdColumn(payments.map(({ microUsd }) => microUsd))
  return (
    <div class="card flush">
      <table>
        <caption class="unseen">Payments, newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">For</th>
            <th scope="col" class="number">
              Amount
            </th>
            <th scope="col">State</th>
            <th scope="col">
              <span class="unseen">Details</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {payments.map((payment) => (
            <Row key={payment.id} payment={payment} now={now} amount={write(payment.microUsd)} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

type RowProps = { readonly payment: Payment; readonly now: number; readonly amount: string }

function Row({ payment, now, amount }: RowProps): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const { id, createdAt, resource, status, labels } = payment
  return (
    <>
      <tr>
        <td class="when">
          <time title={fullInstant(createdAt)}>{instant(createdAt, now)}</time>
        </td>
        <td class="for">
          <span class="strong">{resource.host}</span>
          <span class="url">
            {resource.method} {pathOf(resource.url)} <Labels labels={labels} />
          </span>
        </td>
        <td class="number amount">{amount}</td>
        <td class="state">
          <Status status={status} />
        </td>
        <td class="more">
          <button
            type="button"
            class="quiet"
            aria-expanded={isOpen ? 'true' : 'false'}
            aria-label={`Details of the payment to ${resource.host}`}
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? '−' : '+'}
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr class="details" key={`${id} details`}>
          <td colspan={5}>
            <Details payment={payment} />
          </td>
        </tr>
      )}
    </>
  )
}

function Details({ payment }: { readonly payment: Payment }): JSX.Element {
  const { id, amount, asset, payTo, receipt, note, scopes } = payment
  const session = scopes.findLast((scope) => scope.startsWith('session:'))?.slice('session:'.length)
  const facts = Object.entries({
    Payment: id,
    Amount: `${units(amount, asset)} on ${networkName(asset.network)}`,
    'Paid to': payTo,
    Transaction: receipt?.transaction || undefined,
    Session: session,
    Note: note,
  })
  return (
    <dl>
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

function pathOf(url: string): string {
  return URL.canParse(url) && /^https?:/.test(url) ? new URL(url).pathname : short(url)
}
