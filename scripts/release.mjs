// Writes what is released and what it is made of: the package, its sum, and its bill of materials (CycloneDX and SPDX).
// Publish what it made with: npm publish --provenance release/stipend-*.tgz (from CI: provenance needs its identity).
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const folder = `${root}release/`
const npm = (...args) => execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
npm('pack', '--ignore-scripts', '--pack-destination', folder)
for (const format of ['cyclonedx', 'spdx']) {
  writeFileSync(
    `${folder}sbom.${format}.json`,
    npm('sbom', '--omit=dev', '--omit=optional', '--omit=peer', `--sbom-format=${format}`),
  )
}
const sums = readdirSync(folder).map((file) => {
  const sum = createHash('sha256')
    .update(readFileSync(folder + file))
    .digest('hex')
  return `${sum}  ${file}\n`
})
writeFileSync(`${folder}SHA256SUMS`, sums.join(''))
process.stdout.write(sums.join(''))
