import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

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
  console.error(`\n  ${names.join('\n  ')}\n\n  --all runs them all\n`)
  process.exitCode = 1
}

/** Runs every example in a process of its own; what one says is shown only when it fails. */
function runAll(): void {
  for (const one of names) {
    const started = performance.now()
    const { status, stdout, stderr } = spawnSync(process.execPath, [`${folder}${one}/index.ts`], { encoding: 'utf8' })
    const seconds = Math.round((performance.now() - started) / 1000)
    console.log(`${one.padEnd(24)}${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`)
    if (status === 0) continue
    console.error(`${stdout}\n${stderr}`)
    process.exitCode = 1
  }
}
