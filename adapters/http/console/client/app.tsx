import type { JSX } from 'hono/jsx/dom/jsx-runtime'
import { useState } from 'hono/jsx/dom'
import { forget, isSignedIn } from './api.js'
import { Dashboard } from './dashboard.js'
import { SignIn } from './sign-in.js'

/** The page: the way in, or what is behind it. */
export function App(): JSX.Element {
  const [isIn, setIn] = useState(isSignedIn())
  const [notice, setNotice] = useState('')
  const leave = (why: string): void => {
    forget()
    setNotice(why)
    setIn(false)
  }
  return isIn ? <Dashboard onLeave={leave} /> : <SignIn notice={notice} onSignedIn={() => setIn(true)} />
}
