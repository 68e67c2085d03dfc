/** Where the page is served; what it calls lies below. */
const base = location.pathname.replace(/\/+$/, '')
const key = `stipend ${base}`

/** What a call came to: an answer, or in words why there is none. */
export type Outcome<answer> =
  | { readonly ok: true; readonly answer: answer }
  | { readonly ok: false; readonly problem: string; readonly isSignedOut: boolean }

/** The half of the sign-in that is this tab's own: no other origin reads it, and a cookie alone opens nothing. */
export function isSignedIn(): boolean {
  return sessionStorage.getItem(key) !== null
}

export function forget(): void {
  sessionStorage.removeItem(key)
}

export async function signIn(password: string): Promise<Outcome<{ readonly token: string }>> {
  const outcome = await call<{ readonly token: string }>('POST /sign-in', { password })
  if (outcome.ok) sessionStorage.setItem(key, outcome.answer.token)
  return outcome
}

/** Makes a call of the page, such as `GET /state`. */
export async function call<answer>(request: string, body?: unknown): Promise<Outcome<answer>> {
  const [method = '', path = ''] = request.split(' ')
  const content = body === undefined ? {} : { body: JSON.stringify(body) }
  try {
    const response = await fetch(`${base}${path}`, { method, headers: headersOf(), ...content })
    const answer = await response.json()
    if (response.ok) return { ok: true, answer }
    const isSignedOut = answer.code === 'sign_in_required'
    return { ok: false, problem: [answer.title, answer.detail].filter(Boolean).join('. '), isSignedOut }
  } catch {
    return { ok: false, problem: 'The wallet does not answer.', isSignedOut: false }
  }
}

/** Calls back at each event of the wallet; answers when the stream has ended. */
export async function listen(told: () => void, signal: AbortSignal): Promise<void> {
  try {
    const response = await fetch(`${base}/events`, { headers: headersOf(), signal })
    const reader = response.ok ? response.body?.getReader() : undefined
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) told()
  } catch {
    // It is opened again.
  }
}

/** Hands a text to the browser as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

function headersOf(): Record<string, string> {
  return { 'content-type': 'application/json', 'x-stipend-console': sessionStorage.getItem(key) ?? '' }
}
