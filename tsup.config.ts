import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', keys: 'src/keys/index.ts', testing: 'src/testing/index.ts' },
  format: ['esm'],
  target: 'es2022',
  splitting: true,
  treeshake: true,
  sourcemap: true,
  clean: true,
  dts: process.env['STIPEND_FAST_BUILD'] === undefined,
})
