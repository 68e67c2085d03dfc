// Brings the clients that stipend is compared with, into a folder of their own: they are no dependency of anything else.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../test/gauntlet/peers/', import.meta.url))
if (!existsSync(`${folder}node_modules`)) {
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  execFileSync('npm', ['install', ...options], { cwd: folder, stdio: 'inherit' })
}
