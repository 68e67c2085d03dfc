import { answer, type Wire } from './messages.ts'

/** A fresh process that imports one client, sets it up and pays twice; it says how long each took. */
const [name = ''] = process.argv.slice(2)
const imports: Readonly<Record<string, () => Promise<unknown>>> = {
  stipend: () => Promise.all([import('stipend'), import('stipend/keys')]),
}
const begun = performance.now()
const load = imports[name]
const peers = load ? undefined : await import('../../gauntlet/peers/imports.mjs')
const loading = performance.now()
await (load ? load() : peers?.load(name))
const imported = performance.now() - (load ? begun : loading)
const { subjectOf } = await import('./subjects.ts')
const subject = subjectOf(name)
const wire: Wire = subject.wire
const stub: typeof fetch = async (input, init) => {
  const { headers } = new Request(input, init)
  const { body, ...rest } = answer(wire, (header) => headers.get(header))
  return new Response(body, rest)
}
async function time(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}
let pay: typeof fetch = stub
const created = await time(async () => {
  pay = await subject.create(stub)
})
const first = await time(() => pay('https://shop.example/report'))
const second = await time(() => pay('https://shop.example/report'))
process.send?.({ imported, created, first, second })
process.on('disconnect', () => process.exit())
