import type { PayFetchOutput } from './answers.js'
import type { PayFetchInput } from './input.js'
import { payFetchOutput } from './output.js'
import type { OwnerView } from './owner-view.js'

type Named = { readonly key?: string | undefined }

const ofThen = 'It was bought by this very call before, and this is the answer of then; nothing was paid again.'

/** Answers what a call has bought when it was run before. */
export async function recallBought(
  input: PayFetchInput,
  call: Named,
  { outcomes }: OwnerView,
): Promise<PayFetchOutput | undefined> {
  const name = nameOf(input, call)
  const text = name === undefined ? undefined : await outcomes?.recall(name)
  if (text === undefined) return undefined
  try {
    const { success, data } = payFetchOutput.safeParse(JSON.parse(text))
    return success ? { ...data, explanation: `${data.explanation}\n${ofThen}` } : undefined
  } catch {
    return undefined
  }
}

/** Keeps what a call has bought, for when it is run again. */
export async function keepBought(
  input: PayFetchInput,
  call: Named,
  { outcomes }: OwnerView,
  result: PayFetchOutput,
): Promise<void> {
  const name = nameOf(input, call)
  if (name === undefined || result.status !== 'ok' || !result.payment) return
  await outcomes?.keep(name, JSON.stringify(result))
}

/** A call without a name is run once. One that gives the key of a purchase is of that, under whichever name it is run. */
function nameOf(input: PayFetchInput, { key }: Named): string | undefined {
  return key === undefined ? undefined : JSON.stringify([input.key ?? key, key.slice(key.lastIndexOf('.') + 1)])
}
