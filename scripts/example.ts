import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { installPacked, linkOthers } from './packed.ts'

const folder = fileURLToPath(new URL('../examples/', import.meta.url))
const names = readdirSync(folder).filter((entry) => existsSync(`${folder}${entry}/index.ts`))
const [name = '', ...rest] = process.argv.slice(2)

if (name === '--all') runAll()
else if (names.includes(name)) {
  const file = `${folder}${name}/index.ts`
  // The example sees its own arguments, as if it had been started by itself.
  process.argv = [process.execPath, file, ...rest]
  await import(pathToFileURL(file).href)
} else {
  console.error(`${name ? `There is no example ${name}.` : 'Which example?'} Run: npm run example -- <name>`)
  console.error(
    `\n  ${names.join('\n  ')}\n\n  --all runs them all, each in a folder that has the packed package and nothing else\n`,
  )
  process.exitCode = 1
}

/** Runs every example where its user would, in a process of its own; what one says is shown only when it fails. */
function runAll(): void {
  const app = realpathSync(mkdtempSync(join(tmpdir(), 'stipend-examples-')))
  try {
    installPacked(app)
    linkOthers(app)
    cpSync(`${folder}support`, join(app, 'examples', 'support'), { recursive: true })
    for (const one of names) runPacked(app, one)
    runPacked(app, 'demo', '--solana')
  } finally {
    rmSync(app, { recursive: true, force: true })
  }
}

/** What one example leans on is not there when the next one runs. */
function runPacked(app: string, one: string, ...given: readonly string[]): void {
  const [started, copy] = [performance.now(), join(app, 'examples', one)]
  for (const own of globSync(`${one}/*/package.json`, { cwd: folder })) install(`examples/${dirname(own)}`)
  cpSync(`${folder}${one}`, copy, { recursive: true })
  const run = spawnSync(process.execPath, [join(copy, 'index.ts'), ...given], { cwd: app, encoding: 'utf8' })
  rmSync(copy, { recursive: true })
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(`${[one, ...given].join(' ').padEnd(24)}${run.status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
  if (run.status === 0) return
  console.error(`${run.stdout}\n${run.stderr}`)
  process.exitCode = 1
}

/** Brings what an example has of its own here, so that it comes once and is there for the tests too. */
function install(own: string): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('install.mjs', import.meta.url)), own], { stdio: 'inherit' })
}
