import { within } from '../../lib/deadline.js'

/** Longer than any client waits between its own tries. */
const patienceMs = 10_000

/** Makes a call as an agent does, and says in a few words what it came to. */
export async function callerSees(call: () => Promise<Response>): Promise<string> {
  try {
    const response = await within(patienceMs, call(), 'it never answered')
    const text = await within(patienceMs, response.text(), 'its body never ended').catch(
      (error: unknown) => `a body that ends with ${errorOf(error)}`,
    )
    return text.startsWith('a body') ? `${response.status}, ${text}` : String(response.status)
  } catch (error) {
    return errorOf(error)
  }
}

/** Names an error: by its code where it has one that says what became of the money. */
export function errorOf(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${typeof error}`
  const { code, moved } = error as { readonly code?: unknown; readonly moved?: unknown }
  const known = typeof code === 'string' && typeof moved === 'string' ? ` ${code}, moved: ${moved}` : ''
  return `${error.name}${known || `: ${error.message.slice(0, 80)}`}`
}
