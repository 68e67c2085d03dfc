import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const npm = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: 'pipe', shell: process.platform === 'win32' })

/**
 * Installs the package as it would be published into an empty folder, as its user does: what npm packs of a folder is
 * installed by npm. No registry is asked: the dependencies are those that the repository has.
 */
export function installPacked(app: string, from: string = root): void {
  mkdirSync(app, { recursive: true })
  const [file = ''] = npm(from, 'pack', '--silent', '--ignore-scripts', '--pack-destination', app).trim().split('\n')
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { readonly dependencies: object }
  const overrides = Object.keys(dependencies).map((name) => [name, `file:${root}node_modules/${name}`])
  const manifest = { private: true, type: 'module', overrides: Object.fromEntries(overrides) as unknown }
  writeFileSync(`${app}/package.json`, JSON.stringify(manifest))
  npm(app, 'install', '--offline', '--no-audit', '--no-fund', `./${file}`)
}

/** Puts the other packages that the repository has beside it, for programs that use them with it. */
export function linkOthers(app: string): void {
  for (const name of readdirSync(`${root}node_modules`).flatMap(packagesIn)) {
    const link = `${app}/node_modules/${name}`
    if (existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(`${root}node_modules/${name}`, link, 'junction')
  }
}

function packagesIn(name: string): readonly string[] {
  if (name.startsWith('.')) return []
  return name.startsWith('@') ? readdirSync(`${root}node_modules/${name}`).map((one) => `${name}/${one}`) : [name]
}
