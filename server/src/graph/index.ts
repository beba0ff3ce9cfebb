export type { GraphAuthenticate } from './surface/model.ts'
export { createGraph } from './surface.ts'
export { withUserKeyAsPath } from './surface/user-key.ts'
