/** Creates a queue that runs one task at a time: transactions of one key need their numbers in order. */
export function createSerial(): <result>(task: () => Promise<result>) => Promise<result> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const result = last.then(task)
    last = result.catch(() => {})
    return result
  }
}
