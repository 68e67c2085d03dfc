import { BlockList, isIP } from 'node:net'
import { ConfigurationError } from 'stipend'

/** IPv4 that is not public: of the IANA registry of special addresses, and one that a cloud keeps for itself. */
const special4 = [
  '0.0.0.0/8', // this host
  '10.0.0.0/8', // private
  '100.64.0.0/10', // a carrier's own, and clouds' metadata
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // the host of a virtual machine on Azure
  '169.254.0.0/16', // link-local, and clouds' metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // relays from 6to4
  '192.168.0.0/16', // private
  '198.18.0.0/15', // measurements
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
]

/** All of IPv6 that is given out. What holds an IPv4 address, as NAT64 and mapped ones do, lies outside. */
const given6 = '2000::/3'

/** IPv6 that is not public although it is given out. */
const special6 = [
  '2001::/23', // protocol assignments, Teredo among them, which holds an IPv4 address
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which holds an IPv4 address
  '3fff::/20', // documentation
]

/**
 * Makes the check whether an address may be connected to: it is public, or the owner allows it.
 *
 * @throws ConfigurationError when what the owner allows is neither an address nor a range.
 */
export function createAddressCheck(allowed: readonly string[]): (address: string) => boolean {
  const special = createList([...special4, ...special6])
  const given = createList([given6])
  const own = createList(allowed)
  return (address) => {
    const version = isIP(address)
    // An address with a zone, as in fe80::1%eth0, is of this link.
    if (version === 0 || address.includes('%')) return false
    const family = version === 4 ? 'ipv4' : 'ipv6'
    if (own.check(address, family)) return true
    return !special.check(address, family) && (version === 4 || given.check(address, family))
  }
}

function createList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  if (!Array.isArray(ranges)) throw new ConfigurationError('Failed to read allow: expected a list of addresses')
  for (const range of ranges) addRange(list, range)
  return list
}

function addRange(list: BlockList, range: string): void {
  const [, address = '', prefix] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(String(range)) ?? []
  const version = isIP(address)
  const bits = version === 4 ? 32 : 128
  const length = prefix === undefined ? bits : Number(prefix)
  if (version === 0 || length > bits) {
    throw new ConfigurationError(`Failed to read allow: ${JSON.stringify(range)} is neither an address nor a range`, {
      details: ['Write it like 10.1.2.3, 10.1.0.0/16 or fd12::/64.'],
    })
  }
  list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6')
}
