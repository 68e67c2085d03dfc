import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { useState } from 'hono/jsx/dom'
import { signIn } from './api.js'
import { Mark } from './parts.js'

type Props = { readonly notice: string; readonly onSignedIn: () => void }

/** Asks for the owner's password. */
export function SignIn({ notice, onSignedIn }: Props): JSX.Element {
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const password = new FormData(event.target as HTMLFormElement).get('password')
    setBusy(true)
    const outcome = await signIn(String(password))
    setBusy(false)
    if (outcome.ok) return onSignedIn()
    setProblem(outcome.problem)
  }
  return (
    <main class="gate">
      <form class="card" onSubmit={(event: Event) => void submit(event)}>
        <Mark />
        <h1>Your agent’s wallet</h1>
        <p class="muted">Sign in to see what it spends and to decide what it may.</p>
        {notice !== '' && <p role="status">{notice}</p>}
        <label for="password">Master password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          autofocus
          aria-describedby="problem"
          aria-invalid={problem === '' ? 'false' : 'true'}
        />
        <p id="problem" class="problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="primary wide" disabled={isBusy}>
          {isBusy ? 'Checking …' : 'Sign in'}
        </button>
      </form>
    </main>
  )
}
