export type { A2AClient } from './client.js'
export { getTaskPayment } from './task-transport.js'
export {
  type PayingA2AClient,
  type PayingMessageOptions,
  withPayments,
  type WithPaymentsOptions,
} from './with-payments.js'
