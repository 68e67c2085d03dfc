import type { MicroUsd } from '../types.js'

/** Says what one whole token is worth by now, asked for each payment; zero, a throw or no answer in time pays nothing. */
export type MicroUsdSource = () => MicroUsd | Promise<MicroUsd>
