import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Makes an application outside of the repository, whose settings would have bundlers read the sources. The package is in
 * it as it is built; what that is used with is linked from where it is.
 */
export function createApplication(): string {
  const app = `${realpathSync(mkdtempSync(join(tmpdir(), 'stipend-app-')))}/`
  const home = `${app}node_modules/stipend/`
  mkdirSync(home, { recursive: true })
  for (const name of readdirSync(`${root}node_modules`).filter((one) => !one.startsWith('.') && one !== 'stipend')) {
    symlinkSync(`${root}node_modules/${name}`, `${app}node_modules/${name}`)
  }
  writeFileSync(`${app}package.json`, '{ "type": "module" }')
  copyFileSync(`${root}package.json`, `${home}package.json`)
  const tsup = `${root}node_modules/tsup/dist/cli-default.js`
  execFileSync(process.execPath, [tsup, '--no-dts', '--silent', '--out-dir', `${home}dist`], { cwd: root })
  return app
}
