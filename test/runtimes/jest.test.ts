import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApplication } from './application.ts'

const page = fileURLToPath(new URL('../../docs/testing.md', import.meta.url))
const [, recipe = ''] = readFileSync(page, 'utf8').split('\n## Under Jest\n')
const blocks = [...recipe.matchAll(/^```(?:json|js)\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
const [manifest = '', example = '', settings = ''] = blocks

let app: string

beforeAll(() => {
  app = createApplication()
  for (const name of ['jest', '@swc']) {
    const link = `${app}node_modules/${name}`
    rmSync(link, { force: true }) // The repository has another part of @swc.
    symlinkSync(fileURLToPath(new URL(`node_modules/${name}`, import.meta.url)), link)
  }
})
afterAll(() => rmSync(app, { recursive: true, force: true }))

/** Runs one test file by the manifest's own command, and says what Jest says of it. */
function runJest(file: string, code: string, packageJson: string): string {
  writeFileSync(`${app}package.json`, packageJson)
  writeFileSync(`${app}${file}`, code)
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter)
  const env = { ...process.env, PATH: path, NODE_OPTIONS: '', FORCE_COLOR: '0' }
  const { stdout, stderr, status } = spawnSync('npm', ['test'], { cwd: app, encoding: 'utf8', env })
  rmSync(`${app}${file}`)
  return `${stdout}${stderr}ended with ${status}`
}

describe('the recipe for Jest, as it is printed', () => {
  test('runs the test of an agent', () => {
    const said = runJest('agent.test.js', example, manifest)
    expect(said).toContain('✓ the agent buys one report')
    expect(said).toContain('ended with 0')
  })

  test('runs it in TypeScript', () => {
    const packageJson = JSON.stringify({ ...JSON.parse(manifest), jest: JSON.parse(settings) as unknown })
    const typed = `${example}\nexport type Nothing = undefined\n`
    const said = runJest('agent.test.ts', typed, packageJson)
    expect(said).toContain('✓ the agent buys one report')
    expect(said).toContain('ended with 0')
  })

  test('has a test fail whose agent spent something else', () => {
    const said = runJest('agent.test.js', example.replace("totalUsd: '0.02'", "totalUsd: '0.03'"), manifest)
    expect(said).toContain('✕ the agent buys one report')
    expect(said).toContain('ended with 1')
  })

  test('says what Jest says without it', () => {
    const without = manifest.replace('--experimental-vm-modules ', '')
    const said = runJest('agent.test.js', example, without)
    expect(/`([^`]+ ES Module)`/.exec(recipe)?.[1]).toBe('Must use import to load ES Module')
    expect(said).toContain('Must use import to load ES Module')
  })
})
