import type { GauntletResult } from 'stipend/testing'

/** A client that was run, in one protocol. */
export type Run = { readonly name: string; readonly results: readonly GauntletResult[] }

const marks: Readonly<Record<GauntletResult['verdict'], string>> = { pass: 'pass', fail: '**FAIL**', 'no feature': '–' }

/** Writes one client's results for a terminal. */
export function writeResults({ name, results }: Run): string {
  const width = Math.max(...results.map((result) => result.name.length))
  const rows = results.map((result) => {
    const { authorizations, exposed, paidOrigins, caller, verdict, reason } = result
    const seen = `${authorizations} signed, ${exposed} exposed, paid at ${paidOrigins.join(' ') || 'no origin'}`
    const why = reason === '' ? '' : `\n  ${' '.repeat(width)}  ${reason}`
    return `${verdict.padEnd(10)}  ${result.name.padEnd(width)}  ${seen}; caller saw ${caller.join(', ').slice(0, 160)}${why}`
  })
  return `${name}\n${rows.join('\n')}\n${writeSums(results)}\n`
}

function writeSums(results: readonly GauntletResult[]): string {
  const count = (verdict: GauntletResult['verdict']): number => results.filter((one) => one.verdict === verdict).length
  return `${count('pass')} pass, ${count('fail')} fail, ${count('no feature')} about a feature that it does not have`
}

/** Clients that were run through the same cases. */
export type Section = { readonly title: string; readonly runs: readonly Run[] }

/** Writes the results of several clients as a page of the documentation. */
export function writePage(sections: readonly Section[], about: string): string {
  return `${about}

${sections.map(writeSection).join('\n')}
## What each case asks

| case | a payer … |
|---|---|
${writeMeanings(sections)}
`
}

/** What is asked in several tables is told once. */
function writeMeanings(sections: readonly Section[]): string {
  const cases = sections.flatMap(({ runs }) => runs[0]?.results ?? [])
  return [...new Set(cases.map(({ name, expected }) => `| \`${name}\` | ${expected} |`))].join('\n')
}

function writeSection({ title, runs }: Section): string {
  const cases = runs[0]?.results ?? []
  const head = `| case | ${runs.map(({ name }) => name).join(' | ')} |\n|---|${runs.map(() => '---|').join('')}`
  const rows = cases.map(({ name }, index) => {
    const cells = runs.map(({ results }) => marks[results[index]?.verdict ?? 'no feature'])
    return `| \`${name}\` | ${cells.join(' | ')} |`
  })
  return `## ${title}

${head}
${rows.join('\n')}

### What happened where it did not hold

${runs.map(writeFindings).join('\n')}`
}

function writeFindings({ name, results }: Run): string {
  const found = results.filter(({ verdict }) => verdict !== 'pass')
  const lines = found.map(({ name: which, verdict, reason }) => {
    const mark = verdict === 'fail' ? 'fails' : 'has no such feature'
    return `- \`${which}\`: ${mark}; ${reason.replaceAll('|', '/').replaceAll('\n', ' ')}`
  })
  return `**${name}**: ${writeSums(results)}.\n\n${lines.join('\n')}${lines.length > 0 ? '\n' : ''}`
}
