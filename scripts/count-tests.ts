import { readFileSync } from 'node:fs'
import { findSecret } from '../src/testing/keys/find-secret.ts'

type Report = {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string }[]
  }[]
}

/** The key that most tests sign with. Whatever they print, it is not to be in it. */
const canary = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

// Prints the last line of .ci/run from vitest's report, exit code and output, and leaves with the exit code that it deserves.
const [file = '', status = '1', output = ''] = process.argv.slice(2)
const isLeaking = output !== '' && findSecret(readFileSync(output, 'utf8'), [canary]) !== undefined
if (isLeaking) console.log('The output of the tests has a key in it')
const counted = count(readReport())
const { passed, failed } = isLeaking ? { ...counted, failed: counted.failed + 1 } : counted
const failures = Number(status) !== 0 || passed === 0 ? Math.max(failed, 1) : failed
console.log(`${passed} passed, ${failures} failed`)
process.exitCode = failures === 0 ? 0 : 1

/** Nothing, where the run ended before it could write its report. */
function readReport(): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch {
    return undefined
  }
}

/** Counts a file that failed as a whole, and so has no test that failed, as one failure. */
function count(report: Report | undefined): { readonly passed: number; readonly failed: number } {
  if (!report) return { passed: 0, failed: 1 }
  const wholeFiles = report.testResults.filter(
    ({ status: outcome, assertionResults }) =>
      outcome === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  return { passed: report.numPassedTests, failed: report.numFailedTests + wholeFiles.length }
}
