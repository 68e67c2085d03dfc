import { answer } from './messages.ts'
import { bare, type Subject, subjectOf } from './subjects.ts'

/** What the bench asks of a process that holds some clients. */
export type Task = {
  /** Calls in turn: one of each client, then the next of each. */
  readonly calls: number
  /** Whether what is asked for is paid for. */
  readonly isPaid: boolean
  /** Where the shop listens; without it, it answers in the process. */
  readonly shop?: string | undefined
}

/** What became of a task. */
export type Done = {
  /** Times of single calls in milliseconds, by client. */
  readonly times: Readonly<Record<string, readonly number[]>>
  /** How many requests were sent, by client. */
  readonly trips: Readonly<Record<string, number>>
  /** What the process has computed for all of it, in milliseconds. */
  readonly cpuMs: number
}

type Held = { readonly subject: Subject; readonly stub: typeof fetch; readonly http: typeof fetch }

const held: Held[] = []
let isPaid = true
const trips: Record<string, number> = {}

function countTrip({ name }: Subject): void {
  trips[name] = (trips[name] ?? 0) + 1
}

/** Answers in the process, after reading the request as a real fetch does. */
function stubOf(subject: Subject): typeof fetch {
  const { wire } = subject
  return async (input, init) => {
    countTrip(subject)
    const { headers } = new Request(input, init)
    const { body, ...rest } = answer(isPaid ? wire : undefined, (name) => headers.get(name))
    return new Response(body, rest)
  }
}

async function time(pay: typeof fetch, url: string): Promise<number> {
  const start = performance.now()
  const response = await pay(url)
  await response.text()
  const end = performance.now()
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  return end - start
}

async function run(task: Task): Promise<Done> {
  isPaid = task.isPaid
  for (const { subject } of held) trips[subject.name] = 0
  const start = process.cpuUsage()
  const times: Record<string, number[]> = {}
  for (let call = 0; call < task.calls; call += 1) {
    for (const { subject, stub, http } of held) {
      const path = task.isPaid ? subject.wire.replace(' ', '-') : 'free'
      const took = task.shop
        ? await time(http, `${task.shop}/${path}`)
        : await time(stub, 'https://shop.example/report')
      const list = (times[subject.name] ??= [])
      list.push(took)
    }
  }
  const { user, system } = process.cpuUsage(start)
  return { times, trips: { ...trips }, cpuMs: (user + system) / 1000 }
}

for (const name of process.argv.slice(2)) {
  if (name === bare) {
    const wire = 'x402 v2'
    const subject: Subject = { name, wire, create: async (fetch) => fetch }
    held.push({ subject, stub: stubOf(subject), http: globalThis.fetch })
  } else {
    const subject = subjectOf(name)
    held.push({
      subject,
      stub: await subject.create(stubOf(subject)),
      http: await subject.create((input, init) => {
        countTrip(subject)
        return globalThis.fetch(input, init)
      }),
    })
  }
}
process.on('message', async (task: Task) => process.send?.(await run(task)))
process.send?.('ready')
