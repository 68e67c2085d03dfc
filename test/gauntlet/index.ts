import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { dialectsGauntlet, gauntlet, type GauntletPayer } from 'stipend/testing'
import { compared } from './compared.ts'
import { dialectsPayer, stipendPayer } from './stipend.ts'
import { type Run, type Section, writePage, writeResults } from './table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Runs the clients that stipend is compared with as well, and writes docs/gauntlet.md. */
    compare: { type: 'boolean', default: false },
  },
})

async function run(name: string, payer: GauntletPayer): Promise<Run> {
  const done = { name, results: await gauntlet(payer) }
  process.stdout.write(`${writeResults(done)}\n`)
  return done
}

/** A module whose default export, or whose export `payer`, is a payer. */
async function load(path: string): Promise<GauntletPayer> {
  const module = (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>
  const payer = module['payer'] ?? module['default']
  const isPayer = typeof payer === 'object' && payer !== null && 'create' in payer
  if (!isPayer) throw new TypeError(`${path} exports no payer: an object with create({ fetch, privateKey, limits })`)
  return payer as GauntletPayer
}

const [path] = positionals
if (path !== undefined) {
  const { results } = await run(path, await load(path))
  process.exitCode = results.some(({ verdict }) => verdict === 'fail') ? 1 : 0
} else {
  const runs = [await run('stipend', stipendPayer('x402')), await run('stipend, v1', stipendPayer('x402-v1'))]
  const others: Run[] = []
  for (const dialect of ['mpp', 'tempo', 'l402', 'upto', 'sign-in', 'permit', 'approval'] as const) {
    const done = { name: `stipend, ${dialect}`, results: await dialectsGauntlet(dialect, dialectsPayer) }
    process.stdout.write(`${writeResults(done)}\n`)
    others.push(done)
  }
  const isPassed = [...runs, ...others].every(({ results }) => results.every(({ verdict }) => verdict === 'pass'))
  process.exitCode = isPassed ? 0 : 1
  if (values.compare) await compare()
}

async function compare(): Promise<void> {
  const { tables, versions } = compared()
  const sections: Section[] = []
  for (const { title, runs } of tables) {
    process.stdout.write(`${title}\n\n`)
    const done: Run[] = []
    for await (const one of runs()) {
      process.stdout.write(`${writeResults(one)}\n`)
      done.push(one)
    }
    sections.push({ title, runs: done })
  }
  const day = new Date().toISOString().slice(0, 10)
  const about = `# The gauntlet: what payers do when servers fail and lie

Made by \`npm run gauntlet:compare\` on ${day}, with Node ${process.versions.node} and ${versions.join(', ')}.

Every client is set up as its README says, with the limits that it has: of token, network and amount. Each case is one server, in the process, that
does one thing wrong. \`npm run gauntlet -- ./my-client.js\` runs a client of your own; \`gauntlet\` in \`stipend/testing\` does it in
a test.

“–” is a case about something that the client does not claim to have; it is not held against it, and what happened is told
below. A client without a limit of its owner's is not failed for spending. It is failed for being made to pay twice for one call,
for sending a payment to another origin, for paying for another request than the caller made, for signing for what nobody asked,
and for keeping from the caller a response that was not for it.

What is signed beside a payment by Permit2 has cases of its own, \`dialectsGauntlet('permit')\` and \`dialectsGauntlet('approval')\`.
\`@x402/fetch\` 2.27.0 passes the first but for the redirect; of the second it fails eight of fourteen, since it approves everything.`
  writeFileSync(fileURLToPath(new URL('../../docs/gauntlet.md', import.meta.url)), writePage(sections, about))
}
