export { type Discovery, discover, type DiscoverOptions, type Service } from './discover.js'
