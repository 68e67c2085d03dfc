// Brings what one command needs and `npm install` does not bring, into the folder whose package.json lists it:
// node scripts/install.mjs <folder>. Does nothing where that was done since the list was changed.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [name = ''] = process.argv.slice(2)
const folder = fileURLToPath(new URL(`../${name}/`, import.meta.url))
const timeOf = (file) => statSync(`${folder}${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0

if (timeOf('node_modules/.package-lock.json') < timeOf('package.json')) {
  console.log(`installing ${name} ...`)
  execFileSync('npm', ['install'], { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' })
}
