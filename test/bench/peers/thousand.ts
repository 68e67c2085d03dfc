import { subjectOf } from './subjects.ts'

/** A process that makes a thousand payments at once, and says how much memory and computing that took. */
const [name = '', shop = ''] = process.argv.slice(2)
const subject = subjectOf(name)
const path = subject.wire.replace(' ', '-')
const pay = await subject.create((input, init) => globalThis.fetch(input, init))
const buy = async (number: number): Promise<void> => {
  const response = await pay(`${shop}/${path}?number=${number}`)
  await response.text()
  if (response.status !== 200) throw new Error(`it was answered ${response.status}`)
}
for (let number = 0; number < 50; number += 1) await buy(-number)
;(globalThis as { readonly gc?: () => void }).gc?.()
const before = process.memoryUsage().rss
const cpu = process.cpuUsage()
await Promise.all(Array.from({ length: 1000 }, (_, number) => buy(number)))
const { user, system } = process.cpuUsage(cpu)
const riseMb = (process.resourceUsage().maxRSS * 1024 - before) / 1024 ** 2
process.send?.({ riseMb, cpuMs: (user + system) / 1000 })
process.on('disconnect', () => process.exit())
