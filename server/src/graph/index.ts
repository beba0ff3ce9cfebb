export type { GraphAuthenticate } from './surface/model.ts'
export { createGraph } from './surface.ts'
