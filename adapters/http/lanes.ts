type Job = () => Promise<void>

/** Work that is done one job at a time, and in which no source can fill the queue of another. */
export type Lanes = {
  /** Runs a job when its turn has come; answers `undefined` when too many of its source wait already. */
  readonly run: <value>(source: string, job: () => Promise<value>) => Promise<value | undefined>
}

/** Makes lanes, one for each source that has work: they take turns. */
export function createLanes(maxWaiting: number): Lanes {
  const lanes = new Map<string, Job[]>()
  let isRunning = false
  const next = (): Job | undefined => {
    const [first] = lanes
    if (!first) return undefined
    const [source, jobs] = first
    const job = jobs.shift()
    // To the end of the line, behind all other sources.
    lanes.delete(source)
    if (jobs.length > 0) lanes.set(source, jobs)
    return job
  }
  const work = async (): Promise<void> => {
    if (isRunning) return
    isRunning = true
    for (let job = next(); job; job = next()) await job()
    isRunning = false
  }
  return {
    run: (source, job) => {
      const lane = lanes.get(source) ?? []
      if (lane.length >= maxWaiting) return Promise.resolve(undefined)
      lanes.set(source, lane)
      return new Promise((resolve, reject) => {
        lane.push(() => job().then(resolve, reject))
        void work()
      })
    },
  }
}
