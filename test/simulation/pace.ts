/** How fast a chain makes blocks; it can be slow for a while. */
export type Pace = {
  /** The newest block at an instant in Unix milliseconds. */
  readonly heightAt: (at: number) => number
  /** When a block was made, in Unix milliseconds. */
  readonly timeOf: (height: number) => number
  /** From now on a block takes so long. */
  readonly set: (blockMs: number, now: number) => void
}

/** Creates the pace of a chain whose block 0 is of an instant. */
export function createPace(genesis: number, blockMs: number): Pace {
  const stretches = [{ at: genesis, height: 0, blockMs }]
  const find = (isIn: (stretch: (typeof stretches)[number]) => boolean) => stretches.findLast(isIn) ?? first
  const [first] = stretches as [(typeof stretches)[number]]
  const heightAt = (now: number): number => {
    const { at, height, blockMs: each } = find((stretch) => stretch.at <= now)
    return height + Math.floor((now - at) / each)
  }
  const timeOf = (height: number): number => {
    // The block in which a stretch begins was made in the one before.
    const stretch = find((one) => one.height < height)
    return stretch.at + (height - stretch.height) * stretch.blockMs
  }
  return {
    heightAt,
    timeOf,
    set: (each, now) => {
      const height = heightAt(now)
      // It goes on from the newest block, which was made a while ago.
      const at = Math.max(timeOf(height), now - each)
      stretches.push({ at, height, blockMs: each })
    },
  }
}
