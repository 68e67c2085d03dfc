import { expect, test } from 'vitest'
import { readCharge } from '../../../src/protocols/mpp/charge.js'
import { encodeUrl } from '../../support/mpp-server.ts'

const now = Date.UTC(2030, 0, 15, 12)
const currency = '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
const methodDetails = { chainId: 84_532, credentialTypes: ['authorization'] }
const challenge = {
  ...{ id: 'one', realm: 'api.example.com', method: 'evm', intent: 'charge' },
  request: encodeUrl({ amount: '1000', currency, recipient: currency, methodDetails }),
}
const read = (expires: string) => readCharge({ ...challenge, expires }, 0, now)

test('a charge is one as long as its time is not over', () => {
  expect(read('2030-01-15T12:00:01Z')).toMatchObject({ amount: 1000n, maxTimeoutSeconds: 1 })
  for (const expires of ['2030-01-15T12:00:00Z', '2030-01-15T11:59:59Z', 'soon'])
    expect(read(expires)).toMatchObject({ reason: 'its time is over, or cannot be read' })
})
