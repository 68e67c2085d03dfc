import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const folder = fileURLToPath(new URL('../examples/', import.meta.url))
const [name = '', ...rest] = process.argv.slice(2)
const file = `${folder}${name}/index.ts`

if (/^[a-z0-9-]+$/.test(name) && existsSync(file)) {
  // The example sees its own arguments, as if it had been started by itself.
  process.argv = [process.execPath, file, ...rest]
  await import(pathToFileURL(file).href)
} else {
  const names = readdirSync(folder).filter((entry) => existsSync(`${folder}${entry}/index.ts`))
  console.error(`${name ? `There is no example ${name}.` : 'Which example?'} Run: npm run example -- <name>`)
  console.error(`\n  ${names.join('\n  ')}\n`)
  process.exitCode = 1
}
