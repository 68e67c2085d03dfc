import { sound } from '../habits.ts'
import { type Mistake, wait } from './mistake.ts'

/** Mistakes with what is remembered of earlier payments. */
export const pinMistakes: readonly Mistake[] = [
  [
    'takes no pin seriously',
    { agrees: () => true },
    'what the first payment says is remembered, and one that says something else is refused',
  ],
  [
    'remembers nothing',
    { pin: () => {} },
    'what the first payment says is remembered, and one that says something else is refused',
  ],
  [
    'holds to the last payment',
    { pin: sound.repin },
    'a number may rise by its percentage over the one that is remembered, to the unit',
  ],
  [
    'adds percents as numbers',
    {
      agrees: (pin, remembered) =>
        pin.maxRisePercent === undefined
          ? sound.agrees(pin, remembered, undefined)
          : Number(pin.value) <= Number(remembered) * (1 + pin.maxRisePercent / 100),
    },
    'a number may rise by its percentage over the one that is remembered, to the unit',
  ],
  [
    'lets nothing rise',
    { agrees: ({ maxRisePercent: _most, ...pin }, remembered) => sound.agrees(pin, remembered, undefined) },
    'a number may rise by its percentage over the one that is remembered, to the unit',
  ],
  ['remembers what it refused', { pinsRefused: true }, 'a payment that is refused is not remembered'],
  [
    'does not replace what it remembers',
    { repin: sound.pin },
    'what a person has agreed to is remembered in place of what was',
  ],
  [
    'waits between what is remembered and the write',
    { pause: wait },
    'of twenty payments at once that all say something else one is remembered',
  ],
]
