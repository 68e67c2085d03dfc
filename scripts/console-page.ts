import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('../adapters/http/console/', import.meta.url))

/** Bundles the owner's page into the module that the service serves it from. */
export async function buildConsolePage(): Promise<string> {
  const built = await build({
    entryPoints: { page: `${folder}client/index.tsx`, style: `${folder}client/style.css` },
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx/dom',
    legalComments: 'none',
    logLevel: 'silent',
  })
  const textOf = (ending: string): string =>
    (built.outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '').trim()
  return `// Made by \`npx node scripts/console-page.ts\` from the files in \`client\`, which a test holds it to.
// The script holds parts of hono/jsx/dom. MIT License, Copyright (c) 2021 - present, Yusuke Wada and Hono contributors.
export const script: string = ${JSON.stringify(textOf('.js'))}
export const style: string = ${JSON.stringify(textOf('.css'))}
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await buildConsolePage()
  writeFileSync(`${folder}built.ts`, text)
  console.log(`adapters/http/console/built.ts: ${Math.round(text.length / 1024)} KB`)
}
