export type { GraphAuthenticate } from './protocol/model.ts'
export { createGraph } from './surface.ts'
export { withUserKeyAsPath } from './protocol/user-key.ts'
