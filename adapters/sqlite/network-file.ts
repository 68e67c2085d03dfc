import { lstatSync, readlinkSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ConfigurationError } from 'stipend'

/** The file systems of other machines, and of a virtual machine's host, as Linux numbers them. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB 2'],
  [0x564c, 'NCP'],
  [0x01021997, '9p'],
  // sshfs, s3fs, GlusterFS and virtiofs say no more of themselves than this.
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'vmhgfs'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x20030528, 'OrangeFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
])

/**
 * Refuses a file that lies, or would be made, on a file system of another machine, wherever links lead to it: WAL shares
 * memory between the processes of one machine, and two machines that each see a budget of their own spend it twice.
 *
 * @throws ConfigurationError that names the file system.
 */
export function refuseNetworkFile(path: string): void {
  const file = resolveLinks(path)
  // A file can be mounted by itself, apart from its folder, which holds the files beside it.
  const places = statSync(file, { throwIfNoEntry: false }) ? [file, dirname(file)] : [dirname(file)]
  const found = places.map((place) => networkFileSystems.get(statfsSync(place).type)).find(Boolean)
  if (found === undefined) return
  throw new ConfigurationError(`Failed to open the ledger: ${path} lies on a network file system, ${found}`, {
    details: ['Put it on a disk of this machine, or use stipend/postgres for agents on several.'],
  })
}

/** Follows links, also one to a file that is still to be made. */
function resolveLinks(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })) return realpathSync(path)
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
  if (isLink) return resolveLinks(resolve(dirname(path), readlinkSync(path)))
  return join(realpathSync(dirname(path)), basename(path))
}
