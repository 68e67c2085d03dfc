import { describe, expect, test } from 'vitest'
import { createAgentWallet, type Events } from '../../src/index.js'
import { testKeyStore } from '../../src/testing/index.js'

const wallet = createAgentWallet({ keyStore: testKeyStore() })

describe('an event that is listened to', () => {
  test('has to be there: an alarm on another would never come', () => {
    const misspelt = 'wallet.froze' as keyof Events
    expect(() => wallet.on(misspelt, () => {})).toThrow(
      /^Failed to listen to wallet\.froze: there is no such event\n.*\bwallet\.frozen\b/,
    )
    expect(() => wallet.on('toString' as keyof Events, () => {})).toThrow('there is no such event')
  })

  test('is heard of until that is ended', async () => {
    const heard: string[] = []
    const stop = wallet.on('wallet.frozen', ({ freeze }) => heard.push(freeze.reason))
    await wallet.freeze('one')
    stop()
    await wallet.freeze('two')
    expect(heard).toEqual(['one'])
  })
})
