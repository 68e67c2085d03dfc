/** A table of the page. */
export type Table = {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** What a part of the bench found: tables for the page, and the numbers that have something to reach. */
export type Found = { readonly tables: readonly Table[]; readonly facts: Readonly<Record<string, number>> }

/** Writes a table for a terminal. */
export function toText({ title, columns, rows }: Table): string {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ')
  return `${title}\n${[columns, ...rows].map(line).join('\n')}\n\n`
}

/** Writes a table as Markdown. */
export function toMarkdown({ title, columns, rows }: Table): string {
  const dashes = columns.map((_, index) => (index === 0 ? '---' : '--:'))
  return `## ${title}\n\n${[columns, dashes, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}
