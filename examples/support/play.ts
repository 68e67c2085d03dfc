import { paint } from './draw.ts'

const patienceMs = 30_000

/** Runs a story to its end: what it throws, and an end that does not come, make the process exit with an error. */
export function play(title: string, story: () => Promise<void>, moral: string): void {
  console.log(paint('bold', `\n  stipend: ${title}\n`))
  const deadline = setTimeout(() => {
    console.error(`\nIt did not end within ${patienceMs / 1000} s`)
    process.exit(1)
  }, patienceMs)
  story()
    .then(() => console.log(paint('good', `\n  ${moral}\n`)))
    .catch((error: unknown) => {
      console.error('\nIt did not do what it says:', error)
      process.exitCode = 1
    })
    .finally(() => clearTimeout(deadline))
}
