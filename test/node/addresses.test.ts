import { ConfigurationError } from 'stipend'
import { describe, expect, test } from 'vitest'
import { createAddressCheck } from '../../adapters/node/addresses.js'

const isPublic = createAddressCheck([])

describe('an address', () => {
  test.each([
    ['of this host', ['0.0.0.0', '0.1.2.3', '::']],
    ['of loopback', ['127.0.0.1', '127.0.0.2', '127.255.255.255', '::1']],
    ['of a private network', ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1']],
    ['of a private network in IPv6', ['fc00::1', 'fd00::1', 'fd00:ec2::254', 'fdff:ffff::1', 'fec0::1']],
    ['of a carrier', ['100.64.0.0', '100.100.100.200', '100.127.255.255']],
    ['of this link', ['169.254.0.1', '169.254.169.254', 'fe80::1', 'fe90::1', 'febf::1', 'fe80::1%eth0']],
    ["of a cloud's own", ['168.63.129.16', '192.0.0.192']],
    ['of documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1', '3fff:fff::1']],
    ['of protocols and measurements', ['192.0.0.1', '192.88.99.1', '198.18.0.1', '198.19.255.255', '2001:1::1']],
    ['of many', ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1']],
    ['that is reserved', ['240.0.0.1', '255.255.255.255', '100::1', '5f00::1', '4000::1', 'e000::1']],
    ['that is mapped to IPv4', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:0:127.0.0.1']],
    ['that holds IPv4 as once was usual', ['::127.0.0.1', '::7f00:1', '::10.0.0.1']],
    ['behind NAT64', ['64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b::169.254.169.254', '64:ff9b:1::a00:1']],
    ['behind 6to4', ['2002:7f00:1::', '2002:a00:1::1', '2002:a9fe:a9fe::']],
    ['behind Teredo', ['2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2']],
    ['that is none', ['', 'localhost', '127.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::1]', '1.2.3', '1.2.3.4.5']],
  ])('%s is not public', (_what, addresses) => {
    expect(addresses.filter(isPublic)).toEqual([])
  })

  test('beside those is public', () => {
    const addresses = [
      '1.1.1.1',
      '8.8.8.8',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
      '169.253.255.255',
      '169.255.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.0.1.0',
      '192.167.255.255',
      '192.169.0.0',
      '198.17.255.255',
      '198.20.0.0',
      '223.255.255.255',
      '2001:200::1',
      '2001:4860:4860::8888',
      '2003::1',
      '2606:4700:4700::1111',
      '2a00:1450:4001::1',
      '3ffe::1',
    ]
    expect(addresses.filter((address) => !isPublic(address))).toEqual([])
  })

  test('that the owner allows may be reached, and its neighbours may not', () => {
    const isReachable = createAddressCheck(['10.1.2.3', '192.168.7.0/24', 'fd12::/64', '::1'])
    const reached = ['10.1.2.3', '192.168.7.255', 'fd12::9', '::1', '8.8.8.8']
    const refused = ['10.1.2.4', '192.168.8.0', 'fd12:0:0:1::9', '::2', '127.0.0.1', 'fd12::9%eth0']
    expect([...reached, ...refused].filter(isReachable)).toEqual(reached)
  })

  test.each(['', 'localhost', '10.0.0', '10.0.0.0/33', '::/129', '10.0.0.0/8/8', '10.0.0.0/', '/8', '*', '[::1]', 7])(
    'cannot be allowed as %j',
    (range) => {
      expect(() => createAddressCheck([range as string])).toThrow(ConfigurationError)
    },
  )

  test('cannot be allowed outside a list', () => {
    expect(() => createAddressCheck('10.0.0.1' as never)).toThrow(ConfigurationError)
  })
})
