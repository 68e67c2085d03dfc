import BetterSqlite3 from 'better-sqlite3'
import type * as NodeFs from 'node:fs'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { sqliteLedger } from 'stipend/sqlite'

/** What the platform says of what is mounted where; all other folders are as they are. */
const mounted = vi.hoisted(() => new Map<string, number>())
vi.mock('node:fs', async (load) => {
  const fs = await load<typeof NodeFs>()
  const statfsSync = (path: string) => {
    const place = [...mounted].find(([folder]) => path === folder || path.startsWith(`${folder}/`))
    return place ? { ...fs.statfsSync(path), type: place[1] } : fs.statfsSync(path)
  }
  return { ...fs, statfsSync }
})

const root = mkdtempSync(join(tmpdir(), 'stipend-network-'))
let folder = ''
beforeEach(() => {
  mounted.clear()
  folder = mkdtempSync(join(root, 'case-'))
  mkdirSync(join(folder, 'share'))
  mkdirSync(join(folder, 'disk'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))
const mount = (type: number): string => {
  const share = join(folder, 'share')
  mounted.set(share, type)
  return share
}
const refusal = /lies on a network file system/

describe('a ledger', () => {
  test.each([
    ['NFS', 0x6969],
    ['SMB', 0x517b],
    ['CIFS', 0xff534d42],
    ['SMB 2', 0xfe534d42],
    ['9p', 0x01021997],
    ['FUSE', 0x65735546],
    ['Ceph', 0x00c36400],
    ['vboxsf', 0x786f4256],
    ['vmhgfs', 0xbacbacbc],
    ['Lustre', 0x0bd00bd0],
  ])('on %s is refused, and no file is made', (name, type) => {
    const file = join(mount(type), 'agent.db')
    expect(() => sqliteLedger(file)).toThrow(`${file} lies on a network file system, ${name}`)
    expect(existsSync(file)).toBe(false)
  })

  test.each([
    ['ext4', 0xef53],
    ['tmpfs', 0x01021994],
    ['btrfs', 0x9123683e],
    ['xfs', 0x58465342],
    ['overlay', 0x794c7630],
    ['zfs', 0x2fc12fc1],
  ])('on %s opens', (_, type) => {
    const file = join(mount(type), 'agent.db')
    sqliteLedger(file).close()
    expect(existsSync(file)).toBe(true)
  })

  test('is refused where a link leads to such a file, or to a folder that has it', () => {
    const local = join(folder, 'disk')
    new DatabaseSync(join(folder, 'share', 'agent.db')).close()
    const share = mount(0x01021997)
    symlinkSync(join(share, 'agent.db'), join(local, 'link.db'))
    symlinkSync(join(local, 'link.db'), join(local, 'second.db'))
    symlinkSync(share, join(local, 'folder'))
    for (const name of ['link.db', 'second.db', 'folder/agent.db', 'folder/new.db']) {
      expect(() => sqliteLedger(join(local, name)), name).toThrow(refusal)
    }
  })

  test('is refused where a link leads to such a place for a file that is still to be made', () => {
    const share = mount(0x65735546)
    const link = join(folder, 'disk', 'link.db')
    symlinkSync('../share/new.db', link)
    expect(() => sqliteLedger(link)).toThrow(refusal)
    expect(existsSync(join(share, 'new.db'))).toBe(false)
  })

  test('is refused where the file itself is mounted into a folder of this machine', () => {
    const file = join(folder, 'disk', 'agent.db')
    new DatabaseSync(file).close()
    mounted.set(file, 0x6969)
    expect(() => sqliteLedger(file)).toThrow(refusal)
  })

  test.each([
    ['node:sqlite', (file: string) => new DatabaseSync(file)],
    ['better-sqlite3', (file: string) => new BetterSqlite3(file)],
  ])('in a database that is open already is refused there as well: %s', (_, open) => {
    const share = mount(0x00c36400)
    const link = join(folder, 'disk', 'link.db')
    symlinkSync(join(share, 'agent.db'), link)
    for (const database of [open(join(share, 'agent.db')), open(link)]) {
      expect(() => sqliteLedger(database)).toThrow(refusal)
      database.close()
    }
    const memory = open(':memory:')
    sqliteLedger(memory).close()
  })
})
