import { spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { accessSync } from 'node:fs'

/** PgBouncer that pools by transaction, on a port of 127.0.0.1. */
export type TestPgBouncer = { readonly port: number; readonly stop: () => Promise<void> }

const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/** Where PgBouncer is on this machine, if it is: on the path, or where distributions put it. */
export const pgBouncer: string | undefined = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find((file) => {
    try {
      accessSync(file)
      return true
    } catch {
      return false
    }
  })

/** Starts it before a server on a unix socket; two of the server's connections serve all that come. */
export async function startPgBouncer(program: string, socket: string): Promise<TestPgBouncer> {
  const directory = mkdtempSync(join(tmpdir(), 'stipend-pgbouncer-'))
  const port = await freePort()
  const configuration = join(directory, 'pgbouncer.ini')
  const users = join(directory, 'users.txt')
  writeFileSync(users, '"postgres" ""\n')
  writeFileSync(
    configuration,
    `[databases]
* = host=${socket} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 2
`,
  )
  chmodSync(directory, 0o755)
  if (owner.uid !== undefined)
    for (const path of [directory, configuration, users]) chownSync(path, owner.uid, owner.gid)
  const bouncer = spawn(program, [configuration], { ...owner, stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = (): void => void bouncer.kill('SIGKILL')
  process.once('exit', kill)
  await new Promise<void>((resolve, reject) => {
    let log = ''
    bouncer.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (log.includes('process up')) resolve()
    })
    bouncer.once('exit', () => reject(new Error(`PgBouncer did not start: ${log.slice(-500)}`)))
  })
  return {
    port,
    stop: async () => {
      const exited = new Promise((resolve) => {
        bouncer.once('exit', resolve)
      })
      bouncer.kill('SIGKILL')
      await exited
      process.off('exit', kill)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return address.port
}
