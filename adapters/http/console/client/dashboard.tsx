import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { useEffect, useState } from 'hono/jsx/dom'
import { Accounts } from './accounts.js'
import { call, isSignedIn, listen, type Outcome } from './api.js'
import { usd } from './format.js'
import { Header } from './header.js'
import { Payments } from './payments.js'
import { Sessions } from './sessions.js'
import { Spending } from './spending.js'
import type { Approval, State } from './types.js'
import { Waiting } from './waiting.js'

/** Does what the owner asked for, and says how it went. */
export type Act = (request: string, said: string, body?: unknown) => Promise<void>

/** What the owner sees, kept up to date. */
export function Dashboard({ onLeave }: { readonly onLeave: (why: string) => void }): JSX.Element {
  const [state, setState] = useState<State | undefined>(undefined)
  const [problem, setProblem] = useState('')
  const [said, setSaid] = useState('')
  const settle = (outcome: Outcome<State>): void => {
    if (!outcome.ok && outcome.isSignedOut) return onLeave('Your sign-in is over. Sign in again.')
    if (outcome.ok) setState(outcome.answer)
    setProblem(outcome.ok ? '' : outcome.problem)
  }
  useEffect(() => keepUpToDate(settle), [])
  useEffect(() => {
    const waiting = state?.approvals.length ?? 0
    document.title = waiting > 0 ? `(${waiting}) stipend` : 'stipend'
  }, [state])

  const act: Act = async (request, done, body) => {
    const outcome = await call(request, body)
    setSaid(outcome.ok ? done : outcome.problem)
    settle(await call<State>('GET /state'))
  }
  const leave = (): void => void signOut()
  const signOut = async (): Promise<void> => {
    await call('POST /sign-out')
    onLeave('You are signed out.')
  }
  if (!state) return <Loading problem={problem} onLeave={leave} />
  return (
    <>
      <Header state={state} act={act} onLeave={leave} />
      <main>
        {problem !== '' && (
          <p class="banner warn" role="alert">
            {problem} What you see is not up to date.
          </p>
        )}
        <Waiting state={state} act={act} />
        <Spending state={state} />
        <Payments state={state} />
        <Sessions state={state} act={act} />
        <Accounts state={state} />
      </main>
      <p class={said === '' ? 'toast hidden' : 'toast'} role="status" onAnimationEnd={() => setSaid('')}>
        {said}
      </p>
      <p class="unseen" aria-live="polite">
        {state.approvals.map(announce).join('. ')}
      </p>
    </>
  )
}

function announce({ microUsd, resource }: Approval): string {
  return `${usd(microUsd)} to ${resource.host} waits for your decision`
}

function Loading({ problem, onLeave }: { readonly problem: string; readonly onLeave: () => void }): JSX.Element {
  return (
    <main class="gate">
      <p role="status">{problem === '' ? 'Reading the wallet …' : problem}</p>
      {problem !== '' && (
        <button type="button" onClick={onLeave}>
          Sign out
        </button>
      )}
    </main>
  )
}

const retryMs = 3000

/** Reads the state whenever the wallet says that something changed; one reading at a time, and one more where that was not enough. */
function keepUpToDate(settle: (outcome: Outcome<State>) => void): () => void {
  const stop = new AbortController()
  let [isReading, isStale] = [false, false]
  const read = async (): Promise<void> => {
    isStale = true
    if (isReading) return
    isReading = true
    while (isStale && !stop.signal.aborted) {
      isStale = false
      const outcome = await call<State>('GET /state')
      if (!stop.signal.aborted) settle(outcome)
    }
    isReading = false
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted && isSignedIn()) {
      void read()
      await listen(() => void read(), stop.signal)
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
  void run()
  return () => stop.abort()
}
