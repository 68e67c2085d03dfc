import type { Child } from 'hono/jsx'
import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { useEffect, useRef } from 'hono/jsx/dom'
import { share } from './format.js'
import type { Payment } from './types.js'

/** The sign of the page. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <circle cx="16" cy="16" r="15" />
      <path d="M21 11.5c-1-1.7-2.8-2.5-5-2.5-3 0-5 1.400-5 3.600 0 4.900 10 2.300 10 7 0 2.200-2.100 3.400-5 3.400-2.500 0-4.400-1-5.300-2.800" />
    </svg>
  )
}

type SectionProps = { readonly id: string; readonly title: string; readonly aside?: Child; readonly children?: Child }

/** A part of the page, with a heading. */
export function Section({ id, title, aside, children }: SectionProps): JSX.Element {
  return (
    <section aria-labelledby={id}>
      <div class="head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  )
}

/** What stands where there is nothing yet. */
export function Empty({ title, children }: { readonly title: string; readonly children?: Child }): JSX.Element {
  return (
    <div class="card empty">
      <p class="strong">{title}</p>
      <p class="muted">{children}</p>
    </div>
  )
}

/** Draws how much of a limit is used. */
export function Meter({
  label,
  used,
  max,
}: {
  readonly label: string
  readonly used: string
  readonly max: string
}): JSX.Element {
  const part = share(used, max)
  const percent = Math.round(part * 100)
  const tone = part >= 1 ? 'full' : part >= 0.8 ? 'near' : 'free'
  return (
    <svg
      class={`meter ${tone}`}
      width="100%"
      height="8"
      role="meter"
      aria-label={label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow={String(percent)}
    >
      <rect class="track" width="100%" height="8" rx="4" />
      {part > 0 && <rect class="fill" width={`${Math.max(part * 100, 1.5)}%`} height="8" rx="4" />}
    </svg>
  )
}

const states: Readonly<Record<Payment['status'], { readonly word: string; readonly means: string }>> = {
  authorized: { word: 'under way', means: 'signed and sent; no answer yet' },
  claimed: { word: 'paid', means: 'the server says that it is paid' },
  confirmed: { word: 'confirmed', means: 'a final block shows the transfer' },
  unknown: { word: 'unknown', means: 'sent, and nobody can say what became of it; it counts as spent' },
  released: { word: 'not made', means: 'nothing signed left the wallet; it counts no more' },
  expired: { word: 'expired', means: 'not executed in time; it counts no more' },
  cancelled: { word: 'cancelled', means: 'cancelled on the chain; it counts no more' },
}

/** The states by which payments are told apart, in the order of their lives. */
export const statusWords: readonly (readonly [Payment['status'], string])[] = (
  Object.keys(states) as Payment['status'][]
).map((status) => [status, states[status].word])

export function Status({ status }: { readonly status: Payment['status'] }): JSX.Element {
  const { word, means } = states[status]
  return (
    <span class={`status ${status}`} title={means}>
      {word}
    </span>
  )
}

/** The caller's own words. */
export function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }): JSX.Element {
  return (
    <>
      {Object.entries(labels).map(([name, value]) => (
        <span class="label" key={name}>
          {name}: {value}
        </span>
      ))}
    </>
  )
}

type DialogProps = {
  readonly title: string
  readonly action: string
  readonly onDone: (text: string) => void
  readonly onCancel: () => void
  /** The label of a line to be filled in. */
  readonly asks?: string
  readonly children?: Child
}

/** Asks once more before something is done. */
export function Dialog({ title, action, asks, onDone, onCancel, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const submit = (event: Event): void => {
    event.preventDefault()
    onDone(String(new FormData(event.target as HTMLFormElement).get('text') ?? ''))
  }
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onCancel={onCancel}>
      <form onSubmit={submit}>
        <h2 id="dialog-title">{title}</h2>
        <p class="muted">{children}</p>
        {asks !== undefined && (
          <>
            <label for="dialog-text">{asks}</label>
            <input id="dialog-text" name="text" maxlength={200} required />
          </>
        )}
        <div class="actions">
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
          <button type="submit" class="danger">
            {action}
          </button>
        </div>
      </form>
    </dialog>
  )
}
