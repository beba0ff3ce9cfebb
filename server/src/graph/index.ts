export type { GraphAuthenticate, GraphSender } from './surface/model.ts'
export { createGraph, type GraphSurface } from './surface.ts'
