export { chargeTempo, type ChargeTempoOptions } from './charge.js'
