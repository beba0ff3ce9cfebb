export type { GraphAuthenticate, GraphSender } from './model.ts'
export { createGraph, type GraphSurface } from './graph.ts'
