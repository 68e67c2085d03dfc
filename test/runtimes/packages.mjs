// Each by its own name, for tests that run only where they are installed.
export { EdgeVM } from '@edge-runtime/vm'
export * as neon from '@neondatabase/serverless'
export { Miniflare } from 'miniflare'
export * as vite from 'vite'
export { default as webpack } from 'webpack'
