export { type Discovery, discover, type DiscoverOptions, type Service } from './discover.js'
export {
  type FindServicesInput,
  type FindServicesOptions,
  type FindServicesOutput,
  findServicesTool,
  type FindServicesTool,
  type FoundService,
} from './find-services.js'
